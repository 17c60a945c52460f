package dev.holdfast.toolkit.fault;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.server.Server;
import dev.holdfast.toolkit.contract.RealServer;
import dev.holdfast.toolkit.contract.Target;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** A store in a process of its own, which writes every change to its file before it answers: killed, it comes back as it was. */
final class StoreProcess implements AutoCloseable {
    private static final String READY = "Ready to accept connections";

    private final List<String> command;
    private final int port;
    private Process process;

    private StoreProcess(List<String> command, int port) throws IOException {
        this.command = command;
        this.port = port;
        this.process = run(command);
    }

    static StoreProcess start(Target target, Path directory) throws IOException {
        int port = RealServer.freePort();
        List<String> command = target == Target.OURS
                ? Crew.java(Durable.class, port, directory)
                : List.of(
                        RealServer.program(),
                        "--port",
                        "" + port,
                        "--bind",
                        "127.0.0.1",
                        "--dir",
                        directory.toString(),
                        "--save",
                        "",
                        "--appendonly",
                        "yes",
                        "--appendfsync",
                        "always");
        return new StoreProcess(command, port);
    }

    /** Our server; its arguments are its port and directory. */
    static final class Durable {
        public static void main(String[] arguments) throws Exception {
            Config config = new Config();
            config.set("port", arguments[0]);
            config.set("bind", "127.0.0.1");
            config.set("appendonly", "yes");
            config.set("appendfsync", "always");
            Holdfast holdfast = Holdfast.open(Path.of(arguments[1]), config);
            Server server = new Server(holdfast.engine());
            holdfast.attach(server);
            server.start();
            System.out.println(READY);
            Crew.awaitDismissal();
            holdfast.close();
        }
    }

    private static Process run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        BufferedReader log = process.inputReader(StandardCharsets.UTF_8);
        StringBuilder said = new StringBuilder();
        for (String line = log.readLine(); line == null || !line.contains(READY); line = log.readLine()) {
            if (line == null) {
                throw new IllegalStateException("the store does not start: " + said);
            }
            said.append(line).append('\n');
        }
        Thread.ofPlatform().daemon().start(() -> log.lines().forEach(ignored -> {}));
        return process;
    }

    String uri() {
        return "redis://127.0.0.1:" + port;
    }

    /** Kills it by SIGKILL, and starts it again on the same port and files. */
    void restart() throws IOException, InterruptedException {
        process.destroyForcibly().waitFor();
        process = run(command);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
