package dev.holdfast.engine.persistence;

import dev.holdfast.engine.TestStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/** A store with an append-only file on some disk. */
@NullMarked
final class AofStore implements AutoCloseable {
    static final Path DIRECTORY = Path.of("/data");

    private final TestStore store;
    private final AppendOnlyFile aof;

    /** Opens a store and loads what is on the disk. */
    AofStore(Disk disk, String... parameters) throws IOException {
        this(disk, true, parameters);
    }

    /** Opens an empty store that does not write, although it could. */
    static AofStore withoutFile(Disk disk) throws IOException {
        return new AofStore(disk, false);
    }

    private AofStore(Disk disk, boolean begins, String... parameters) throws IOException {
        store = new TestStore(parameters);
        store.engine().expiry().setActive(false);
        aof = new AppendOnlyFile(store.engine(), disk, () -> DIRECTORY, new BackgroundGate(), List::of);
        try {
            if (begins && aof.find() >= 0) {
                aof.load(code -> {}, new Loading(store.clock()));
            }
            if (begins) {
                aof.open();
            }
        } catch (IOException e) {
            store.close();
            throw e;
        }
    }

    AppendOnlyFile aof() {
        return aof;
    }

    TestStore store() {
        return store;
    }

    /** Runs a command and secures it, as the server does before it answers. */
    @Nullable
    Object run(String... words) {
        Object answer = store.run(words);
        store.engine().changes().commit();
        return answer;
    }

    /** Rewrites the file and waits for the end. */
    void rewrite() {
        if (aof.rewrite().request(false) != AofRewrite.Start.STARTED) {
            throw new AssertionError("the rewrite has not begun");
        }
        aof.rewrite().await();
    }

    /** All strings. */
    Map<String, String> strings() {
        Map<String, String> strings = new TreeMap<>();
        for (Object key : (Iterable<?>) java.util.Objects.requireNonNull(store.run("KEYS", "*"))) {
            strings.put((String) key, String.valueOf(store.run("GET", (String) key)));
        }
        return strings;
    }

    /** Forgets the store without a word to the disk. */
    void kill() {
        aof.abandon();
        store.close();
    }

    @Override
    public void close() {
        aof.close();
        store.close();
    }
}
