package dev.holdfast.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How a server is started: its name in the tables and its command line without port and address. */
record ServerCommand(String name, List<String> line) {
    static ServerCommand valkey(Path program) {
        return new ServerCommand("Valkey", List.of(program.toString()));
    }

    /** Our server as {@code ./holdfast} starts it, under the flags it is shipped with, followed by {@code moreFlags}. */
    static ServerCommand holdfast(Path jar, Path flagsFile, List<String> moreFlags) throws IOException {
        List<String> flags = new ArrayList<>(shippedFlags(flagsFile));
        flags.addAll(startUpCache(jar));
        return holdfast("Holdfast", jar, flags, moreFlags);
    }

    /** The flags for the start-up cache that {@code ./holdfast} has left beside the jar, if there is one for it. */
    private static List<String> startUpCache(Path jar) throws IOException {
        Path cache = jar.resolveSibling("holdfast-" + System.getProperty("java.version") + ".aot");
        boolean fits = Files.exists(cache)
                && Files.size(cache) > 0
                && Files.getLastModifiedTime(cache).compareTo(Files.getLastModifiedTime(jar)) > 0;
        return fits ? List.of("-XX:AOTCache=" + cache, "-Xlog:aot=off", "-Xlog:cds=off") : List.of();
    }

    /**
     * Our server under the flags it is shipped with, but with the collector that {@code moreFlags} choose. What the shipped
     * flags say to G1 is not said to another.
     */
    static ServerCommand holdfastWithCollector(String name, Path jar, Path flagsFile, List<String> moreFlags)
            throws IOException {
        List<String> flags = new ArrayList<>(shippedFlags(flagsFile));
        flags.removeIf(flag -> flag.matches("-XX:[+-]Use\\w+GC") || flag.startsWith("-XX:ShenandoahGCMode"));
        if (!moreFlags.contains("-XX:+UseG1GC")) {
            flags.removeIf(flag -> flag.matches("-XX:(G1\\w+|MaxGCPauseMillis|MaxTenuringThreshold|GCTimeRatio)=.*"));
        }
        return holdfast(name, jar, flags, moreFlags);
    }

    private static ServerCommand holdfast(String name, Path jar, List<String> flags, List<String> moreFlags) {
        List<String> line = new ArrayList<>();
        line.add(java().toString());
        line.addAll(flags);
        line.addAll(moreFlags);
        line.add("-jar");
        line.add(jar.toString());
        return new ServerCommand(name, List.copyOf(line));
    }

    /** The same server with more of its own options. */
    ServerCommand with(String... options) {
        List<String> longer = new ArrayList<>(line);
        longer.addAll(List.of(options));
        return new ServerCommand(name, List.copyOf(longer));
    }

    private static List<String> shippedFlags(Path flagsFile) throws IOException {
        return Files.readAllLines(flagsFile).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
    }

    static Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }
}
