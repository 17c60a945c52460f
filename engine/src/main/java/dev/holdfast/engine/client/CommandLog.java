package dev.holdfast.engine.client;

import dev.holdfast.engine.acl.Redaction;
import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.MonitoringParameters;
import dev.holdfast.engine.config.NumberParameter;
import dev.holdfast.engine.metrics.Latency;
import dev.holdfast.engine.metrics.Statistics;
import dev.holdfast.engine.metrics.ThreadStatistics;
import dev.holdfast.engine.protocol.Args;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Commands that took long, or whose request or reply was large: three logs, each of the latest.
 *
 * <h2>Noticing slow commands at no cost</h2>
 *
 * Reading the clock twice costs as much as a third of a GET. Commands whose time depends on their data are timed one by one;
 * commands of constant time share the time of the read that brought them ({@link ThreadStatistics}). That is known to be short, except
 * where the system, the collector of garbage or a lock held them up. So the time of a read is compared with the threshold
 * when it ends. If it held one command, that is the slow one. If it held several, it cannot be known which, and nothing is
 * logged; but for a second from then on each command of the lane is timed, so that what is slow again is found. Where the
 * threshold is less than a millisecond, every command is timed always.
 */
public final class CommandLog {
    /** What a log is about. */
    public enum Kind {
        SLOW("slow"),
        LARGE_REQUEST("large-request"),
        LARGE_REPLY("large-reply");

        private final String shown;

        Kind(String shown) {
            this.shown = shown;
        }

        /** The word by which COMMANDLOG knows it. */
        public String shown() {
            return shown;
        }
    }

    /**
     * An entry.
     *
     * @param value microseconds, or bytes
     * @param words the command, without secrets, and shortened
     */
    public record Entry(long id, long second, long value, List<Slice> words, String address, String name) {}

    private static final int MOST_WORDS = 32;
    private static final int MOST_WORD_BYTES = 128;

    /** Below this many microseconds or bytes every command is looked at by itself. */
    private static final long FINE_MICROS = 1000;

    private static final long FINE_BYTES = 2048;

    private final Config config;
    private final Statistics statistics;
    private final Latency latency;
    private final Clock clock;
    private final NumberParameter[] thresholds;
    private final NumberParameter[] lengths;
    private final List<Deque<Entry>> logs = List.of(new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>());
    private final long[] nextIds = new long[Kind.values().length];

    private volatile long slowNanos;
    private volatile long requestBytes;
    private volatile long replyBytes;

    public CommandLog(Config config, Statistics statistics, Latency latency, Clock clock) {
        this.config = config;
        this.statistics = statistics;
        this.latency = latency;
        this.clock = clock;
        MonitoringParameters parameters = config.monitoring;
        thresholds = new NumberParameter[] {
            parameters.commandlogExecutionSlowerThanMicros,
            parameters.commandlogRequestLargerThan,
            parameters.commandlogReplyLargerThan
        };
        lengths = new NumberParameter[] {
            parameters.commandlogSlowExecutionMaxLen,
            parameters.commandlogLargeRequestMaxLen,
            parameters.commandlogLargeReplyMaxLen
        };
        for (NumberParameter[] each : List.of(thresholds, lengths)) {
            for (NumberParameter parameter : each) {
                parameter.onChange(this::configure);
            }
        }
        parameters.latencyMonitorThresholdMillis.onChange(this::configure);
        parameters.latencyTracking.onChange(this::configure);
        configure();
    }

    private void configure() {
        requestBytes = threshold(Kind.LARGE_REQUEST);
        replyBytes = threshold(Kind.LARGE_REPLY);
        long micros = threshold(Kind.SLOW);
        long latencyMillis = config.monitoring.latencyMonitorThresholdMillis.get();
        long slow = micros > Long.MAX_VALUE / 1000 ? Long.MAX_VALUE : micros * 1000;
        if (latencyMillis > 0) {
            slow = Math.min(slow, latencyMillis * 1_000_000);
        }
        slowNanos = slow;
        boolean fine = micros < FINE_MICROS || Math.min(requestBytes, replyBytes) < FINE_BYTES;
        statistics.watch(fine, slow, config.monitoring.latencyTracking.get());
    }

    /** The threshold of a log, or more than anything where it is off. */
    private long threshold(Kind kind) {
        long value = thresholds[kind.ordinal()].get();
        return value < 0 || lengths[kind.ordinal()].get() == 0 ? Long.MAX_VALUE : value;
    }

    // ---- noticing ----

    /** Whether a command that took so long is to be told of with {@link #slow}. */
    public boolean isSlow(long nanos) {
        return nanos >= slowNanos;
    }

    /** Tells of a command that took long. */
    public void slow(Client client, CommandSpec spec, Args args, long nanos) {
        latency.sample(spec.is(CommandFlag.FAST) ? "fast-command" : "command", nanos / 1_000_000);
        if (nanos / 1000 >= threshold(Kind.SLOW)) {
            add(Kind.SLOW, client, spec, args, nanos / 1000);
        }
    }

    /**
     * Tells of a read whose commands took long together.
     *
     * @param only the words of its command if there was but one, else null
     */
    public void slowRead(Client client, @Nullable Args only, long nanos) {
        CommandSpec spec = client.lastCommand();
        if (only != null && spec != null) {
            slow(client, spec, only, nanos);
        }
    }

    /** Tells of a command that was run, and of how many bytes its reply has, for what may have been large about it. */
    public void noteSizes(Client client, CommandSpec spec, Args args, long reply) {
        if (reply >= replyBytes) {
            add(Kind.LARGE_REPLY, client, spec, args, reply);
        }
        long words = args.sizeBytes();
        if (words + 32L * args.count() >= requestBytes) {
            long request = requestBytes(args);
            if (request >= requestBytes) {
                add(Kind.LARGE_REQUEST, client, spec, args, request);
            }
        }
    }

    /** The bytes of a command as it is sent. */
    private static long requestBytes(Args args) {
        long bytes = 3L + digits(args.count());
        for (int i = 0; i < args.count(); i++) {
            int length = args.get(i).length();
            bytes += 5L + digits(length) + length;
        }
        return bytes;
    }

    private static int digits(int number) {
        return Integer.toString(number).length();
    }

    private synchronized void add(Kind kind, Client client, CommandSpec spec, Args args, long value) {
        if (spec.is(CommandFlag.SKIP_COMMANDLOG)) {
            return;
        }
        Deque<Entry> log = logs.get(kind.ordinal());
        long second = clock.millis() / 1000;
        List<Slice> words = shortened(Redaction.redact(spec, args, config));
        log.addFirst(new Entry(
                nextIds[kind.ordinal()]++, second, value, words, client.link().address(), client.name()));
        trim(kind, log);
    }

    private void trim(Kind kind, Deque<Entry> log) {
        long most = lengths[kind.ordinal()].get();
        while (log.size() > most) {
            log.removeLast();
        }
    }

    private static List<Slice> shortened(List<Slice> words) {
        List<Slice> result = new ArrayList<>();
        int shown = words.size() > MOST_WORDS ? MOST_WORDS - 1 : words.size();
        for (int i = 0; i < shown; i++) {
            result.add(shortened(words.get(i)));
        }
        if (shown < words.size()) {
            result.add(Slice.of("... (" + (words.size() - shown) + " more arguments)"));
        }
        return result;
    }

    private static Slice shortened(Slice word) {
        int more = word.length() - MOST_WORD_BYTES;
        if (more <= 0) {
            return new Slice(word.toBytes());
        }
        byte[] end = ("... (" + more + " more bytes)").getBytes(StandardCharsets.US_ASCII);
        byte[] bytes = new byte[MOST_WORD_BYTES + end.length];
        System.arraycopy(word.array(), word.offset(), bytes, 0, MOST_WORD_BYTES);
        System.arraycopy(end, 0, bytes, MOST_WORD_BYTES, end.length);
        return new Slice(bytes);
    }

    // ---- reading ----

    /** The latest entries, the last first. */
    public synchronized List<Entry> latest(Kind kind, long count) {
        return logs.get(kind.ordinal()).stream().limit(count).toList();
    }

    public synchronized int size(Kind kind) {
        trim(kind, logs.get(kind.ordinal()));
        return logs.get(kind.ordinal()).size();
    }

    public synchronized void clear(Kind kind) {
        logs.get(kind.ordinal()).clear();
    }
}
