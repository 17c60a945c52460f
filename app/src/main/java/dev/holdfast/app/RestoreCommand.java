package dev.holdfast.app;

import dev.holdfast.engine.persistence.Disk;
import java.io.Closeable;
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
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code holdfast restore}: puts a backup where a server will load it. The backup is checked first, and what was there before
 * is moved aside, not deleted.
 */
@Command(
        name = "restore",
        description = "Puts an RDB file into the directory of a store that is not running; old files are kept aside.",
        mixinStandardHelpOptions = true)
final class RestoreCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "BACKUP", description = "an RDB file")
    private Path backup = Path.of("");

    @Parameters(index = "1", paramLabel = "DIR", description = "the directory of the store")
    private Path directory = Path.of("");

    @Option(names = "--dbfilename", description = "the name that the file gets (${DEFAULT-VALUE})")
    private String fileName = "dump.rdb";

    @Option(names = "--appenddirname", description = "the directory of the append-only file (${DEFAULT-VALUE})")
    private String appendDirectory = "appendonlydir";

    @Override
    public Integer call() throws IOException {
        if (!CheckCommand.checkRdb(backup, System.out)) {
            return FileCommands.FAILED;
        }
        Files.createDirectories(directory);
        try (Closeable lock = Disk.REAL.lock(
                directory.resolve("holdfast.lock"), ProcessHandle.current().pid() + "\n")) {
            if (lock == null) {
                throw new IOException(directory + " is in use: stop the server first");
            }
            Path staged = directory.resolve("restore.tmp");
            Files.copy(backup, staged, StandardCopyOption.REPLACE_EXISTING);
            try (FileChannel channel = FileChannel.open(staged, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            String suffix = ".before-"
                    + LocalDateTime.now(ZoneId.systemDefault()).format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
            setAside(appendDirectory, suffix);
            setAside(fileName, suffix);
            Disk.REAL.rename(staged, directory.resolve(fileName));
            Disk.REAL.syncDirectory(directory);
        }
        System.out.println("restored: " + directory.resolve(fileName));
        return 0;
    }

    private void setAside(String name, String suffix) throws IOException {
        Path present = directory.resolve(name);
        if (Files.exists(present)) {
            Path aside = directory.resolve(name + suffix);
            Disk.REAL.rename(present, aside);
            System.out.println("kept aside: " + aside);
        }
    }
}
