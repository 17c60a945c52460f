package dev.holdfast.benchmarks;

import dev.holdfast.toolkit.Toolkit;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * All patterns of the toolkit at work for hours, on a store in this JVM and on our server, over a set of names that does not grow. In
 * between it collects all garbage and notes what is left, here and in the server. It fails if a pattern loses or doubles something or
 * throws, or if the live heap grows: if the last quarter of the samples is more than a tenth and 2 MiB above the second quarter.
 */
@Command(
        name = "soak",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "All patterns of the toolkit, mixed, for a given time; fails if the live heap grows.")
public final class Soak implements Callable<Integer> {
    private static final Pattern TOTAL = Pattern.compile("(?m)^Total\\s+\\d+\\s+(\\d+)");
    private static final double MOST_GROWTH = 1.1;
    private static final long SLACK_BYTES = 2 << 20;

    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Option(names = "--minutes", description = "How long; ${DEFAULT-VALUE} by default.")
    private double minutes = 120;

    @Option(names = "--samples", description = "How many samples of the live heap; ${DEFAULT-VALUE} by default.")
    private int samples = 40;

    public static void main(String[] arguments) {
        Tool.run(new Soak(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        try (ServerProcess server = ServerProcess.start(servers.holdfast(), servers.port, Pinning.UNPINNED);
                Toolkit embedded = Toolkit.open("embedded:?maxmemory=100mb");
                Toolkit remote = Toolkit.open("redis://127.0.0.1:" + server.port() + "?timeout=60s");
                MixedPatterns here = new MixedPatterns("embedded", embedded);
                MixedPatterns there = new MixedPatterns("server", remote)) {
            List<Long> own = new ArrayList<>();
            List<Long> served = new ArrayList<>();
            long begin = System.nanoTime();
            for (int i = 1; i <= samples; i++) {
                long next = begin + (long) (minutes * 60e9 * i / samples);
                TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
                own.add(liveHere());
                served.add(liveIn(server.pid()));
                System.out.printf(
                        Locale.ROOT,
                        "%6.1f min: live here %.1f MiB, in the server %.1f MiB; %,d and %,d steps%n",
                        (System.nanoTime() - begin) / 60e9,
                        own.getLast() / 1048576.0,
                        served.getLast() / 1048576.0,
                        here.steps(),
                        there.steps());
            }
            List<String> faults = new ArrayList<>();
            faults.addAll(here.finish());
            faults.addAll(there.finish());
            addGrowth("here", own, faults);
            addGrowth("in the server", served, faults);
            System.out.println(here.table());
            System.out.println(there.table());
            faults.forEach(fault -> System.out.println("FAULT: " + fault));
            System.out.println(faults.isEmpty() ? "sound" : faults.size() + " faults");
            return faults.isEmpty() ? 0 : 1;
        }
    }

    private static void addGrowth(String where, List<Long> live, List<String> faults) {
        int quarter = live.size() / 4;
        if (quarter == 0) {
            return;
        }
        double before = mean(live.subList(quarter, 2 * quarter));
        double after = mean(live.subList(live.size() - quarter, live.size()));
        System.out.printf(
                Locale.ROOT,
                "Live heap %s: second quarter %.1f MiB, last quarter %.1f MiB%n",
                where,
                before / 1048576,
                after / 1048576);
        if (after > before * MOST_GROWTH + SLACK_BYTES) {
            faults.add("the live heap " + where + " grows");
        }
    }

    private static double mean(List<Long> of) {
        return of.stream().mapToLong(Long::longValue).average().orElseThrow();
    }

    @SuppressWarnings("ExplicitGC") // What is left after it is what is measured.
    private static long liveHere() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /** What a full collection leaves in another JVM. */
    private static long liveIn(long pid) throws IOException {
        String jcmd = ServerCommand.java().resolveSibling("jcmd").toString();
        Process process = new ProcessBuilder(jcmd, Long.toString(pid), "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Matcher total = TOTAL.matcher(output);
        if (!total.find()) {
            throw new IOException("the server's heap cannot be read: "
                    + output.lines().findFirst().orElse(""));
        }
        return Long.parseLong(total.group(1));
    }
}
