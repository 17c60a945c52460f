package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.keyspace.Keyspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the memory goes.
 *
 * @param datasetBytes keys and values
 * @param tableBytes the tables that find them
 * @param clientBytes what clients have sent and not read
 * @param peakBytes the most that was ever used
 */
record MemoryFigures(
        long datasetBytes,
        long tableBytes,
        long clientBytes,
        long peakBytes,
        long heapUsedBytes,
        long heapCommittedBytes,
        long systemBytes) {
    private static final Pattern TOTAL = Pattern.compile("MemTotal:\\s+(\\d+) kB");

    static MemoryFigures of(Engine engine) {
        Keyspace keyspace = engine.keyspace();
        Runtime runtime = Runtime.getRuntime();
        long clients = engine.clientMemory().sum();
        long tables = keyspace.tableBytes();
        long dataset = engine.usedBytes() - tables;
        engine.statistics().notePeak(dataset + tables + clients);
        return new MemoryFigures(
                dataset,
                tables,
                clients,
                engine.statistics().peakBytes(),
                HeapRoom.usedBytes(),
                runtime.totalMemory(),
                systemMemory());
    }

    long usedBytes() {
        return datasetBytes + overheadBytes();
    }

    /** Everything but keys and values. */
    long overheadBytes() {
        return tableBytes + clientBytes;
    }

    private static long systemMemory() {
        try {
            Matcher total = TOTAL.matcher(Files.readString(Path.of("/proc/meminfo")));
            return total.find() ? Long.parseLong(total.group(1)) * 1024 : 0;
        } catch (IOException e) {
            return 0;
        }
    }
}
