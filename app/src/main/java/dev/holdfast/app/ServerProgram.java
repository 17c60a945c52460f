package dev.holdfast.app;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.Compatibility;
import dev.holdfast.engine.base.HeapReserve;
import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.NetworkParameters;
import dev.holdfast.engine.config.Parameter;
import dev.holdfast.engine.config.TextParameter;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.Host;
import dev.holdfast.engine.persistence.Disk;
import dev.holdfast.engine.persistence.FilePersistence;
import dev.holdfast.engine.persistence.LastSave;
import dev.holdfast.engine.replication.ReplicationNode;
import dev.holdfast.engine.topology.Peer;
import dev.holdfast.server.Program;
import dev.holdfast.server.Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store served by a process of its own, from the start to the end.
 *
 * <p>Until everything has been loaded it answers LOADING; where that fails it serves no one and ends with the status 1. Afterwards it
 * ends by the command SHUTDOWN or by a signal, if its data can be saved: else it goes on. The JVM's shutdown hook closes the sockets
 * after the replies under way, then the store, and removes the file with the process id.
 */
final class ServerProgram implements Host {
    private static final Logger LOG = LoggerFactory.getLogger(ServerProgram.class);
    private static final int FAILED = 1;

    private final Config config;
    private final @Nullable Path file;
    private final List<String> arguments;
    private final Engine engine;
    private final Server server;
    private final AtomicBoolean ending = new AtomicBoolean();
    private volatile boolean loaded;
    private volatile boolean saved;
    private volatile @Nullable FilePersistence persistence;
    private volatile @Nullable HttpPorts http;
    private volatile @Nullable Extensions extensions;

    /** @throws IllegalArgumentException if the configuration cannot be met; the message says why */
    ServerProgram(Config config, @Nullable Path file, List<String> arguments) {
        this.config = config;
        this.file = file;
        this.arguments = arguments;
        ProgramLog.setUp(config.program);
        HeapReserve.take();
        this.engine = AllCommands.engine(config, Clock.SYSTEM);
        this.server = new Server(engine);
        engine.setHost(this);
    }

    /** Serves until the program ends; returns early, with the status to end with, if it cannot. */
    int run() {
        Signals.handle("TERM", () -> onSignal("SIGTERM", config.program.shutdownOnSigterm));
        Signals.handle("HUP", () -> {});
        Signals.handle("INT", () -> onSignal("SIGINT", config.program.shutdownOnSigint));
        WarmUp warmUp = WarmUp.start();
        logStart();
        try {
            start(warmUp);
        } catch (IOException | UncheckedIOException e) {
            LOG.warn("Fatal error: {}", Reason.of(e));
            clearAway();
            return FAILED;
        } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
            LOG.error("Fatal error: the server could not start", e);
            clearAway();
            return FAILED;
        }
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return 0;
    }

    /** @throws IOException if that fails; the message says what, why, and what to do */
    private void start(WarmUp warmUp) throws IOException {
        FilePersistence files;
        try {
            files = FilePersistence.open(engine, Disk.REAL);
        } catch (FileSystemException e) {
            throw new IOException(
                    "the directory " + config.program.dir.get() + " can't be written (" + Reason.of(e)
                            + "). Name another with --dir, or keep nothing in files: --save '' --appendonly no",
                    e);
        }
        persistence = files;
        writeProcessId();
        try {
            server.start();
        } catch (IOException e) {
            // What has a cause of its own is wrong with TLS, and no other address would mend it.
            String advice = e.getCause() == null ? ". Choose others with --port, --bind or --unixsocket" : "";
            throw new IOException(Reason.of(e) + advice, e);
        }
        LOG.info("Server initialized");
        FutureTask<HttpPorts> opening = openHttp();
        try {
            files.load();
        } catch (IOException e) {
            throw new IOException(
                    "loading the data of " + config.program.dir.get() + " failed, and nothing was changed: "
                            + Reason.of(e) + ". What is in the files, ./holdfast check says",
                    e);
        }
        // From here on clients can write, so a signal has to save.
        Runtime.getRuntime().addShutdownHook(new Thread(this::end, "holdfast-end"));
        loaded = true;
        ReplicationNode.of(engine).start();
        warmUp.await();
        startExtensions();
        server.announce();
        HeapTrim.start(engine);
        try {
            opening.get().loaded();
        } catch (ExecutionException e) {
            throw new IOException(Reason.of(e.getCause() == null ? e : e.getCause()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
                config.network.port.get() != 0 ? config.network.port.get() : config.tls.port.get(),
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
                            : "WARNING: bound to {} without a password and with protected mode off: anyone who reaches this"
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
            try {
                Files.writeString(
                        ProgramLog.inDirectory(config.program, pidfile),
                        ProcessHandle.current().pid() + "\n",
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE);
            } catch (IOException e) {
                throw new IOException("Can't write the pid file: " + Reason.of(e), e);
            }
        }
    }

    private void removeProcessId() {
        String pidfile = config.program.pidfile.get();
        if (!pidfile.isEmpty()) {
            LOG.info("Removing the pid file.");
            try {
                Files.deleteIfExists(ProgramLog.inDirectory(config.program, pidfile));
            } catch (IOException e) {
                LOG.warn("Could not remove the pid file: {}", Reason.of(e));
            }
        }
    }

    private void startExtensions() throws IOException {
        extensions = Extensions.start(config.program.extensionDir.get(), engine);
    }

    /** Ends the extensions while they can still write; those that do not end in time are left behind. */
    private void closeExtensions() {
        Extensions started = extensions;
        extensions = null;
        if (started == null) {
            return;
        }
        Thread closing =
                Thread.ofPlatform().daemon().name("holdfast-extensions-end").start(started::close);
        try {
            if (!closing.join(Duration.ofSeconds(config.program.shutdownTimeout.get()))) {
                LOG.warn("Extensions have not ended within shutdown-timeout, and are left behind");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void beforeLastSave() {
        closeExtensions();
    }

    @Override
    public void lastSaveFailed() {
        try {
            startExtensions();
        } catch (IOException e) {
            LOG.warn("The server goes on without its extensions: {}", Reason.of(e));
        }
    }

    private void closeHttp() {
        HttpPorts ports = http;
        if (ports != null) {
            ports.close();
        }
    }

    /** Leaves nothing behind of a start that has failed. Clients are not served any more. */
    private void clearAway() {
        closeExtensions();
        server.close();
        if (persistence != null) {
            removeProcessId();
        }
    }

    /**
     * A signal asks for the end. It may come again: while data is saved only SIGINT counts, which insists.
     *
     * @param options words of SHUTDOWN, or "default"
     */
    private void onSignal(String name, TextParameter options) {
        if (!loaded) {
            LOG.warn("Received {} while starting, exiting now.", name);
            clearAway();
            Runtime.getRuntime().halt(0);
        }
        if (!ending.compareAndSet(false, true)) {
            if (name.equals("SIGINT")) {
                LOG.warn("Received SIGINT again. You insist: exiting now, without what is not saved.");
                Runtime.getRuntime().halt(FAILED);
            }
            return;
        }
        LOG.warn("Received {}, shutting down...", name);
        if (ReplicationNode.of(engine)
                .shutdown()
                .take(Set.of(options.get().toUpperCase(Locale.ROOT).split(" ")))) {
            saved = true;
            System.exit(0);
        }
        ending.set(false);
    }

    /** Everything that has to be done before the process ends. Where nothing could save before, it is done here. */
    private void end() {
        boolean failed = !saved && !LastSave.take(engine, Set.of());
        closeHttp();
        server.close();
        engine.close();
        FilePersistence files = persistence;
        if (files != null) {
            files.close();
        }
        removeProcessId();
        LOG.warn("Holdfast is now ready to exit, bye bye...");
        if (failed) {
            Runtime.getRuntime().halt(FAILED);
        }
    }

    /** The process has nothing else to keep; what is left is for the collector and for commands under way. */
    @Override
    public int heapPercent() {
        return 80;
    }

    @Override
    public Peer connect(String host, int port, int timeoutMillis, boolean encrypted) throws IOException {
        return server.connect(host, port, timeoutMillis, encrypted);
    }

    @Override
    public void shutDown(String reason) {
        LOG.info(reason);
        saved = true;
        new Thread(() -> System.exit(0), "holdfast-shutdown").start();
    }

    @Override
    public void abort(String reason) {
        Runtime.getRuntime().halt(1);
    }

    @Override
    public void awaitCommands() {
        server.awaitCommands();
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
    public @Nullable Certificate certificate(CertificateUse use) {
        return server.certificate(use);
    }

    @Override
    public List<String> listeners() {
        return server.listeners();
    }
}
