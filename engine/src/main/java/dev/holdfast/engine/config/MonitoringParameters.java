package dev.holdfast.engine.config;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.StringJoiner;

/** The parameters of what is measured and logged about commands. */
public final class MonitoringParameters {
    public final NumberParameter latencyMonitorThresholdMillis;
    public final NumberParameter commandlogExecutionSlowerThanMicros;
    public final NumberParameter commandlogSlowExecutionMaxLen;
    public final NumberParameter commandlogRequestLargerThan;
    public final NumberParameter commandlogLargeRequestMaxLen;
    public final NumberParameter commandlogReplyLargerThan;
    public final NumberParameter commandlogLargeReplyMaxLen;
    public final BooleanParameter latencyTracking;
    public final TextParameter latencyTrackingInfoPercentiles;
    public final NumberParameter acllogMaxLen;

    MonitoringParameters(Config config) {
        latencyMonitorThresholdMillis = config.number("latency-monitor-threshold", 0, 0, Long.MAX_VALUE);
        commandlogExecutionSlowerThanMicros =
                config.number("commandlog-execution-slower-than", 10000, -1, Long.MAX_VALUE, "slowlog-log-slower-than");
        commandlogSlowExecutionMaxLen =
                config.number("commandlog-slow-execution-max-len", 128, 0, Long.MAX_VALUE, "slowlog-max-len");
        commandlogRequestLargerThan = config.number("commandlog-request-larger-than", 1 << 20, -1, Long.MAX_VALUE);
        commandlogLargeRequestMaxLen = config.number("commandlog-large-request-max-len", 128, 0, Long.MAX_VALUE);
        commandlogReplyLargerThan = config.number("commandlog-reply-larger-than", 1 << 20, -1, Long.MAX_VALUE);
        commandlogLargeReplyMaxLen = config.number("commandlog-large-reply-max-len", 128, 0, Long.MAX_VALUE);
        latencyTracking = config.flag("latency-tracking", true);
        latencyTrackingInfoPercentiles = config.manyWords(
                config.text("latency-tracking-info-percentiles", "50 99 99.9", MonitoringParameters::percentiles));
        acllogMaxLen = config.number("acllog-max-len", 128, 0, Long.MAX_VALUE);
    }

    private static String percentiles(String text) throws ConfigException {
        if (text.isEmpty()) {
            return text;
        }
        StringJoiner words = new StringJoiner(" ");
        for (String word : text.split(" ", -1)) {
            double percentile;
            try {
                percentile = Double.parseDouble(word);
            } catch (NumberFormatException e) {
                throw new ConfigException("Invalid latency-tracking-info-percentiles parameters");
            }
            if (!(percentile >= 0 && percentile <= 100)) {
                throw new ConfigException(
                        "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
            }
            words.add(new BigDecimal(percentile)
                    .setScale(6, RoundingMode.HALF_EVEN)
                    .stripTrailingZeros()
                    .toPlainString());
        }
        return words.toString();
    }
}
