package dev.holdfast.app;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/** Shows on a terminal how far long work has come: a line for each second, and nothing for work that takes less. */
final class Progress implements LongConsumer {
    private static final long EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final PrintStream out;
    private final String what;
    private final long total;
    private long lastNanos = System.nanoTime();

    Progress(PrintStream out, String what, long total) {
        this.out = out;
        this.what = what;
        this.total = total;
    }

    @Override
    public void accept(long done) {
        long now = System.nanoTime();
        if (now - lastNanos >= EVERY_NANOS) {
            lastNanos = now;
            out.printf(
                    "%s: %d of %d MB (%d %%)%n", what, done >> 20, total >> 20, total == 0 ? 100 : 100 * done / total);
        }
    }
}
