package dev.holdfast.app;

import dev.holdfast.app.log.LogOutput;
import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.Compatibility;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.NetworkParameters;
import dev.holdfast.engine.config.Parameter;
import dev.holdfast.engine.execution.Engine;
import dev.holdfast.engine.execution.Host;
import dev.holdfast.engine.execution.Peer;
import dev.holdfast.engine.persistence.Disk;
import dev.holdfast.engine.persistence.FilePersistence;
import dev.holdfast.server.Program;
import dev.holdfast.server.Server;
import dev.holdfast.server.SocketPeer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store served by a process of its own, from the start to the end.
 *
 * <p>It ends by the command SHUTDOWN or by a signal. Both come to the JVM's shutdown hook, which closes the sockets after the
 * replies under way, then the store, and removes the file with the process id.
 */
final class ServerProgram implements Host {
    private static final Logger LOG = LoggerFactory.getLogger(ServerProgram.class);

    private final Config config;
    private final @Nullable Path file;
    private final List<String> arguments;
    private final Engine engine;
    private final Server server;
    private volatile boolean requested;
    private volatile @Nullable FilePersistence persistence;
    private volatile @Nullable HttpPorts http;

    ServerProgram(Config config, @Nullable Path file, List<String> arguments) {
        this.config = config;
        this.file = file;
        this.arguments = arguments;
        setUpLog();
        this.engine = new Engine(config, Clock.SYSTEM, AllCommands.list());
        this.server = new Server(engine);
        engine.setHost(this);
    }

    private void setUpLog() {
        String logfile = config.program.logfile.get();
        LogOutput.setFile(logfile.isEmpty() ? null : inDirectory(logfile));
        config.program.loglevel.onChange(() -> LogOutput.setLevel(config.program.loglevel.get()));
        LogOutput.setLevel(config.program.loglevel.get());
        config.program.logFormat.onChange(this::setLogFormat);
        config.program.logTimestampFormat.onChange(this::setLogFormat);
        setLogFormat();
    }

    private void setLogFormat() {
        LogOutput.setFormat(config.program.logFormat.get(), config.program.logTimestampFormat.get());
    }

    private Path inDirectory(String name) {
        return Path.of(config.program.dir.get()).resolve(name);
    }

    /** Serves until the program ends; returns early, with the status to end with, if it cannot. */
    int run() {
        logStart();
        try {
            persistence = FilePersistence.open(engine, Disk.REAL);
        } catch (IOException e) {
            LOG.warn("Fatal error: {}", e.getMessage());
            return 1;
        }
        try {
            writeProcessId();
            server.start();
            LOG.info("Server initialized");
        } catch (IOException e) {
            LOG.warn("Warning: {}", e.getMessage());
            LOG.warn("Failed listening on port {} (tcp), aborting.", config.network.port.get());
            return 1;
        }
        FutureTask<HttpPorts> opening = openHttp();
        try {
            persistence.load();
        } catch (IOException e) {
            LOG.warn("Terminating server after rdb file reading failure.");
            LOG.warn("Fatal error loading the DB: {} Exiting.", e.getMessage());
            return 1;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(this::end, "holdfast-end"));
        server.announce();
        try {
            opening.get();
            new CountDownLatch(1).await();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            LOG.warn("{}, aborting.", cause == null ? e.getMessage() : cause.getMessage());
            return 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return 0;
    }

    /** Opens the HTTP ports while the data is loaded, which would otherwise wait for classes that RESP does not need. */
    private FutureTask<HttpPorts> openHttp() {
        FutureTask<HttpPorts> opening = new FutureTask<>(() -> {
            HttpPorts opened = HttpPorts.open(engine, server);
            http = opened;
            return opened;
        });
        Thread.ofPlatform().daemon().name("holdfast-http-start").start(opening);
        return opening;
    }

    private void logStart() {
        LOG.info("oO0OoO0OoO0Oo Holdfast is starting oO0OoO0OoO0Oo");
        LOG.info(
                "Holdfast version={}, bits=64, as Valkey {}, JVM {}, just started",
                Program.version(),
                Compatibility.VALKEY_VERSION,
                Runtime.version());
        if (arguments.isEmpty()) {
            LOG.warn(
                    "Warning: no config file specified, using the default config. In order to specify a config file use"
                            + " ./holdfast /path/to/valkey.conf");
        } else {
            LOG.info("Configuration loaded");
        }
        // Valkey's suite waits for " PID: " and the process id of what it has started.
        LOG.info(
                "Running mode={}, port={}, PID: {}",
                config.cluster.enabled.get() ? "cluster" : "standalone",
                config.network.port.get(),
                ProcessHandle.current().pid());
        warn();
    }

    private void warn() {
        NetworkParameters network = config.network;
        List<String> open = List.of(network.bind.get().split(" +")).stream()
                .map(address -> address.startsWith("-") ? address.substring(1) : address)
                .filter(address ->
                        !address.startsWith("127.") && !address.equals("::1") && !address.equals("localhost"))
                .toList();
        if (!open.isEmpty() && engine.acl().isDefaultWithoutPassword()) {
            LOG.warn(
                    network.protectedMode.get()
                            ? "WARNING: bound to {} without a password: protected mode turns away all clients from other"
                                    + " machines. Set 'requirepass' to let them in."
                            : "WARNING: bound to {} without a password and with protected mode off: whoever reaches this"
                                    + " port can read and change all data and configuration. Set 'requirepass'.",
                    String.join(", ", open));
        }
        String idle = config.parameters().stream()
                .filter(parameter -> parameter.isIdle() && !parameter.isDefault())
                .filter(parameter -> !parameter.text().isEmpty())
                .map(Parameter::name)
                .collect(Collectors.joining(", "));
        if (!idle.isEmpty()) {
            LOG.warn("WARNING: accepted without effect, see docs/configuration.md: {}", idle);
        }
    }

    private void writeProcessId() throws IOException {
        String pidfile = config.program.pidfile.get();
        if (!pidfile.isEmpty()) {
            Files.writeString(
                    inDirectory(pidfile),
                    ProcessHandle.current().pid() + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE);
        }
    }

    /** Everything that has to be done before the process ends. A signal is an ordinary way to end, hence the status 0. */
    private void end() {
        if (!requested) {
            LOG.warn("Received SIGTERM or SIGINT, shutting down...");
        }
        HttpPorts ports = http;
        if (ports != null) {
            ports.close();
        }
        server.close();
        engine.close();
        endPersistence();
        String pidfile = config.program.pidfile.get();
        if (!pidfile.isEmpty()) {
            LOG.info("Removing the pid file.");
            try {
                Files.deleteIfExists(inDirectory(pidfile));
            } catch (IOException e) {
                LOG.warn("Could not remove the pid file: {}", e.getMessage());
            }
        }
        LOG.warn("Holdfast is now ready to exit, bye bye...");
        if (!requested) {
            Runtime.getRuntime().halt(0);
        }
    }

    /** Saves what is to be saved, unless SHUTDOWN has done so. */
    private void endPersistence() {
        FilePersistence files = persistence;
        if (files == null) {
            return;
        }
        try {
            if (!requested) {
                files.finish(FilePersistence.FinalSave.AS_CONFIGURED);
            }
        } catch (IOException e) {
            LOG.warn("Error trying to save the DB. Exit anyway.", e);
        } finally {
            files.close();
        }
    }

    @Override
    public Peer connect(String host, int port, int timeoutMillis) throws IOException {
        return SocketPeer.connect(host, port, timeoutMillis);
    }

    @Override
    public void shutDown(String reason) {
        LOG.info(reason);
        requested = true;
        new Thread(() -> System.exit(0), "holdfast-shutdown").start();
    }

    @Override
    public void abort(String reason) {
        Runtime.getRuntime().halt(1);
    }

    @Override
    public @Nullable Path configFile() {
        return file;
    }

    @Override
    public String multiplexing() {
        return server.transport();
    }

    @Override
    public List<String> listeners() {
        return server.listeners();
    }
}
