package dev.holdfast.engine.metrics;

/** How fast a counter rises, as the mean over the last samples. Sampled by the timer, read by any thread. */
public final class Rate {
    private static final int SAMPLES = 16;

    private final double[] samples = new double[SAMPLES];
    private int next;
    private long lastCount;
    private long lastNanos;
    private volatile double perSecond;

    void sample(long count, long nanos) {
        if (lastNanos != 0 && nanos > lastNanos) {
            samples[next] = Math.max(0, count - lastCount) * 1e9 / (nanos - lastNanos);
            next = (next + 1) % SAMPLES;
            double sum = 0;
            for (double sample : samples) {
                sum += sample;
            }
            perSecond = sum / SAMPLES;
        }
        lastCount = count;
        lastNanos = nanos;
    }

    public double perSecond() {
        return perSecond;
    }
}
