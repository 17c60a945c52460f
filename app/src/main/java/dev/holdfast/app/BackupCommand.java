package dev.holdfast.app;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.persistence.Disk;
import dev.holdfast.engine.persistence.FilePersistence;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code holdfast backup}: one RDB file that holds everything. Of a running server it is a snapshot, taken now; of a
 * directory that no server uses, what a server would load from it.
 */
@Command(
        name = "backup",
        description = "Writes all data into one RDB file, which 'restore', or any Valkey, can load.",
        mixinStandardHelpOptions = true)
final class BackupCommand implements Callable<Integer> {
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    @Parameters(paramLabel = "TARGET", description = "the file to write, or a directory for one named by the time")
    private Path target = Path.of(".");

    @Option(
            names = "--host",
            description = "the running server's address (${DEFAULT-VALUE}); its files must be reachable")
    private String host = "127.0.0.1";

    @Option(names = "--port", description = "its port (${DEFAULT-VALUE})")
    private int port = 6379;

    @Option(names = "--user", description = "the user to log in as")
    private @Nullable String user;

    @Option(names = "--password", description = "the password to log in with", interactive = true, arity = "0..1")
    private @Nullable String password;

    @Mixin
    private TlsOptions tls = new TlsOptions();

    @Option(names = "--dir", description = "the directory of a store that is not running")
    private @Nullable Path directory;

    @Option(names = "--dbfilename", description = "with --dir: the name of its RDB file (${DEFAULT-VALUE})")
    private String fileName = "dump.rdb";

    @Option(
            names = "--appenddirname",
            description = "with --dir: the directory of its append-only file (${DEFAULT-VALUE})")
    private String appendDirectory = "appendonlydir";

    @Option(names = "--appendfilename", description = "with --dir: the name of its append-only file (${DEFAULT-VALUE})")
    private String appendFile = "appendonly.aof";

    @Override
    public Integer call() throws IOException {
        Path file = Files.isDirectory(target)
                ? target.resolve("holdfast-"
                        + LocalDateTime.now(ZoneId.systemDefault())
                                .format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"))
                        + ".rdb")
                : target;
        if (Files.exists(file)) {
            throw new IOException(file + " exists already");
        }
        Path source = directory == null ? saveRunning() : saveStopped(directory);
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        Files.copy(source, partial, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        if (!CheckCommand.checkRdb(partial, System.out)) {
            return FileCommands.FAILED;
        }
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        System.out.println("backup written: " + file);
        return 0;
    }

    /** Lets a server take a snapshot; gives the file where it has written it. */
    private Path saveRunning() throws IOException {
        try (ServerConnection server = new ServerConnection(host, port, user, password, tls.sockets())) {
            awaitIdle(server);
            long before = server.figure("rdb_saves");
            server.command("BGSAVE");
            System.out.println("the server is saving ...");
            awaitIdle(server);
            if (!server.info("rdb_last_bgsave_status").equals("ok") || server.figure("rdb_saves") == before) {
                throw new IOException("the server could not save: see its log");
            }
            Path saved = Path.of(server.setting("dir")).resolve(server.setting("dbfilename"));
            if (!Files.isReadable(saved)) {
                throw new IOException("the server has saved to " + saved + ", which cannot be read from here");
            }
            return saved;
        }
    }

    private static void awaitIdle(ServerConnection server) throws IOException {
        long lastReport = System.nanoTime();
        while (server.figure("rdb_bgsave_in_progress") != 0) {
            if (System.nanoTime() - lastReport > TimeUnit.SECONDS.toNanos(1)) {
                lastReport = System.nanoTime();
                System.out.printf(
                        "saving: %d of %d keys%n",
                        server.figure("current_save_keys_processed"), server.figure("current_save_keys_total"));
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    /** Loads what is in a directory, and saves it to a temporary file. */
    private Path saveStopped(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            throw new IOException(directory + " is no directory");
        }
        boolean appendOnly =
                Files.isRegularFile(directory.resolve(appendDirectory).resolve(appendFile + ".manifest"));
        if (!appendOnly && !Files.isRegularFile(directory.resolve(fileName))) {
            throw new IOException(
                    "%s holds no data: there is neither %s nor %s/%s.manifest. If they have other names, see --help"
                            .formatted(directory, fileName, appendDirectory, appendFile));
        }
        Config config = new Config();
        try {
            config.set("dbfilename", fileName);
            config.set("appenddirname", appendDirectory);
            config.set("appendfilename", appendFile);
            config.set("dir", directory.toAbsolutePath().toString());
            config.set("save", "1 1");
            config.set("appendonly", appendOnly ? "yes" : "no");
        } catch (ConfigException e) {
            throw new IOException(e.getMessage(), e);
        }
        Engine engine = AllCommands.engine(config, Clock.SYSTEM);
        engine.debugSettings().setTimerPaused(true);
        FilePersistence files = null;
        try {
            files = FilePersistence.open(engine, Disk.REAL);
            files.load();
            Path copy = Files.createTempFile("holdfast-backup", ".rdb");
            copy.toFile().deleteOnExit();
            files.saves().saveTo(copy);
            return copy;
        } finally {
            engine.close();
            if (files != null) {
                files.close();
            }
        }
    }
}
