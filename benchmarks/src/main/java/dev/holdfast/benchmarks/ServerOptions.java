package dev.holdfast.benchmarks;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that all tools share: which servers, and where. */
final class ServerOptions {
    @Option(
            names = "--valkey",
            paramLabel = "PATH",
            description = "The real valkey-server to compare with; by default the one on PATH.")
    @Nullable
    Path valkey;

    @Option(
            names = "--jar",
            paramLabel = "PATH",
            description = "Our server; by default app/target/holdfast.jar, built where it is stale.")
    @Nullable
    Path jar;

    @Option(
            names = "--java-opts",
            paramLabel = "OPTS",
            description = "JVM options for our server, after those of app/jvm.flags.")
    String javaOpts = "";

    @Option(
            names = "--port",
            paramLabel = "N",
            description = "First of two free ports; ${DEFAULT-VALUE} by default.",
            defaultValue = "21600")
    int port;

    Path jar() {
        return jar != null ? jar : root().resolve("app/target/holdfast.jar");
    }

    Path flagsFile() {
        return root().resolve("app/jvm.flags");
    }

    List<String> moreFlags() {
        return javaOpts.isBlank() ? List.of() : Arrays.asList(javaOpts.strip().split("\\s+"));
    }

    ServerCommand holdfast() throws IOException {
        return ServerCommand.holdfast(jar(), flagsFile(), moreFlags());
    }

    ServerCommand valkeyCommand() throws IOException {
        return ServerCommand.valkey(valkeyServer());
    }

    /** valkey-benchmark beside the valkey-server that was named, else the one on PATH. */
    Path valkeyBenchmark() throws IOException {
        Path beside = valkeyServer().resolveSibling("valkey-benchmark");
        return Files.isExecutable(beside) ? beside : onPath("valkey-benchmark");
    }

    private Path valkeyServer() throws IOException {
        Path server = valkey != null ? valkey : onPath("valkey-server");
        if (!Files.isExecutable(server)) {
            throw new IOException(server + " is no program");
        }
        return server.toAbsolutePath();
    }

    private static Path onPath(String program) throws IOException {
        String path = String.valueOf(System.getenv("PATH"));
        return Stream.of(path.split(File.pathSeparator))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IOException("no " + program + " on PATH; name one with --valkey PATH"));
    }

    private static Path root() {
        return Path.of(System.getProperty("holdfast.root", "."));
    }
}
