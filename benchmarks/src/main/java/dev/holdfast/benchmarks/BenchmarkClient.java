package dev.holdfast.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs valkey-benchmark against a server and reads its figures, and the server's CPU time beside them. */
final class BenchmarkClient {
    /** A run is given up when it takes longer; no server here answers fewer requests a second than this. */
    private static final long SLOWEST_RATE = 1_000;

    private static final long STARTING_SECONDS = 60;

    private final Path program;
    private final int connections;
    private final Pinning pinning;

    BenchmarkClient(Path program, int connections, Pinning pinning) {
        this.program = program;
        this.connections = connections;
        this.pinning = pinning;
    }

    /** What is asked of one run. */
    record Run(ComparedCommand command, ComparedCommand.Workload workload, int pipeline) {}

    /** What one run gave: requests a second, latencies in milliseconds, server CPU in microseconds a request. */
    record Sample(double rate, double p50, double p99, double cpu) {}

    Sample run(ServerProcess server, Run run, long requests) throws IOException, InterruptedException {
        run.command().prepareRunOn(server, run.workload(), requests);
        List<String> line = new ArrayList<>(pinning.onClientCores());
        line.add(program.toString());
        line.addAll(List.of("-p", Integer.toString(server.port()), "-c", Integer.toString(connections)));
        line.addAll(List.of("-P", Integer.toString(run.pipeline()), "-n", Long.toString(requests)));
        line.addAll(List.of("-r", Integer.toString(run.workload().keyspace())));
        line.addAll(List.of("-d", Integer.toString(run.workload().valueBytes()), "--csv"));
        line.addAll(run.command().clientArguments(requests));

        long cpuBefore = server.cpuMicros();
        String printed = Children.output(STARTING_SECONDS + requests / SLOWEST_RATE, line.toArray(String[]::new));
        double cpu = (double) (server.cpuMicros() - cpuBefore) / requests;
        return read(printed, cpu);
    }

    /** Enough requests to keep the server busy for so long, judged by two short runs that also warm it up. */
    long requestsFor(ServerProcess server, Run run, double seconds) throws IOException, InterruptedException {
        long requests = 20_000;
        for (int trial = 0; trial < 2; trial++) {
            double rate = run(server, run, requests).rate();
            requests = roundUp(Math.round(rate * (trial == 0 ? Math.min(seconds, 0.3) : seconds)));
        }
        return requests;
    }

    private static long roundUp(long requests) {
        return Math.max(10_000, (requests + 9_999) / 10_000 * 10_000);
    }

    /** The last line of the CSV: test, requests a second, and the latencies average, min, p50, p95, p99, max. */
    private static Sample read(String printed, double cpu) throws IOException {
        String last = printed.lines()
                .filter(line -> line.startsWith("\""))
                .reduce((first, second) -> second)
                .orElseThrow(() -> new IOException("no figures from valkey-benchmark: " + printed));
        String[] fields = last.substring(1, last.length() - 1).split("\",\"");
        int end = fields.length;
        if (end < 8) {
            throw new IOException("not the figures of valkey-benchmark: " + printed);
        }
        return new Sample(
                Double.parseDouble(fields[end - 7]),
                Double.parseDouble(fields[end - 4]),
                Double.parseDouble(fields[end - 2]),
                cpu);
    }
}
