package dev.holdfast.toolkit.cpe;

import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The import of one file.
 *
 * <p>A file is known by its SHA-256. What is read of it is staged, batch after batch, under a key of its own together with the position in
 * the file; only when all of it has been read do the products move from there into the dictionary, some at a time. Each step is one
 * script, so whenever an import ends, the next of the same file goes on where it was: no name is lost and none counted twice. A file
 * that turns out to be damaged leaves the dictionary as it was. What is staged of an import that is not continued expires.
 */
final class CpeImport implements Names {
    private static final Script STAGE = Script.of(CpeImport.class, "stage");
    private static final Script MERGE = Script.of(CpeImport.class, "merge");

    private static final int STAGED_AT_ONCE = 1_000;
    /** After so many names what was read is staged, however few products they have. */
    private static final int NAMES_AT_ONCE = 100_000;

    private static final int MOVED_AT_ONCE = 250;
    private static final int MAX_LISTED = 20;
    private static final Duration KEPT = Duration.ofDays(7);

    private final Store store;
    private final DictionaryKeys keys;
    private final CpeLayout layout;
    private final CpeProgress progress;
    private final Path file;
    private final long fileBytes;

    private final Map<String, Integer> batch = new HashMap<>();
    private final List<String> listed = new ArrayList<>();
    private String id = "";
    private long staged;
    private long position;
    private long count;
    private long deprecated;
    private long rejected;
    private long bytesRead;

    CpeImport(Store store, DictionaryKeys keys, CpeLayout layout, CpeProgress progress, Path file) throws IOException {
        this.store = store;
        this.keys = keys;
        this.layout = layout;
        this.progress = progress;
        this.file = file;
        this.fileBytes = Files.size(file);
    }

    CpeImportResult run() throws IOException {
        id = digest();
        Reply before = store.call("HGET", keys.imports(), id);
        if (!before.isNull()) {
            return new CpeImportResult(file, true, 0, 0, 0, 0, 0, List.of());
        }
        Reply at = store.call("HGET", keys.state(id), "position");
        long resumed = at.isNull() ? 0 : at.number();
        staged = resumed;
        try (InputStream in = new Counted(Files.newInputStream(file))) {
            CpeFile.read(String.valueOf(file.getFileName()), in, this);
        }
        stage();
        long products = move();
        store.call("HSET", keys.imports(), id, file.getFileName() + "|" + count + "|" + store.millis());
        store.unlink(List.of(keys.state(id).getBytes(StandardCharsets.UTF_8)));
        store.call("INCR", keys.version());
        return new CpeImportResult(file, false, count, products, deprecated, rejected, resumed, List.copyOf(listed));
    }

    private String digest() throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] chunk = new byte[1 << 16];
            for (int got = in.read(chunk); got >= 0; got = in.read(chunk)) {
                digest.update(chunk, 0, got);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- reading ----

    @Override
    public void name(CpeName name) {
        count++;
        position++;
        if (position <= staged) {
            return;
        }
        batch.merge(name.toString(), 1, Integer::sum);
        if (batch.size() >= STAGED_AT_ONCE || position - staged >= NAMES_AT_ONCE) {
            stage();
        }
    }

    @Override
    public void deprecated() {
        deprecated++;
    }

    @Override
    public void rejected(String where, String why) {
        rejected++;
        if (listed.size() < MAX_LISTED) {
            listed.add(where + ": " + why);
        }
    }

    private void stage() {
        progress.progress(bytesRead, fileBytes, count);
        if (batch.isEmpty()) {
            return;
        }
        List<Object> words = new ArrayList<>(3 + 2 * batch.size());
        words.add(staged);
        words.add(position);
        words.add(KEPT.toMillis());
        batch.forEach((product, names) -> {
            words.add(names);
            words.add(product);
        });
        long now = store.call(STAGE, List.of(keys.state(id), keys.staged(id)), words.toArray())
                .number();
        if (now != position) {
            throw new IllegalStateException("another process imports " + file + " at this moment, or began it anew");
        }
        staged = position;
        batch.clear();
    }

    // ---- moving ----

    private long move() {
        long products = 0;
        while (true) {
            List<Reply> page = store.call("ZRANGE", keys.staged(id), 0, MOVED_AT_ONCE - 1, "WITHSCORES")
                    .list();
            if (page.isEmpty()) {
                return products;
            }
            products += moveSome(page);
            progress.progress(bytesRead, fileBytes, count);
        }
    }

    private long moveSome(List<Reply> page) {
        List<Object> touched = new ArrayList<>(
                List.of(keys.staged(id), keys.rank(), layout == CpeLayout.RANK_ONLY ? keys.rank() : keys.alias()));
        Map<String, Integer> places = new HashMap<>();
        List<Object> words = new ArrayList<>();
        for (Reply scored : page) {
            String product = scored.list().get(0).text();
            long names = (long) scored.list().get(1).real();
            List<String> ofProduct = words(CpeName.parse(product));
            words.add(product);
            words.add(names * ofProduct.size());
            words.add(names);
            if (layout == CpeLayout.RANK_ONLY) {
                words.add(0);
                continue;
            }
            words.add(ofProduct.size());
            for (String word : ofProduct) {
                words.add(places.computeIfAbsent(word, ignored -> {
                    touched.add(keys.word(word));
                    touched.add(keys.scores(word));
                    return touched.size() - 1;
                }));
            }
        }
        return store.call(MERGE, touched, words.toArray()).number();
    }

    /** The words of a product as cpe-guesser has them: what stands between underscores in vendor and product, escapes and all. */
    static List<String> words(CpeName product) {
        List<String> words = new ArrayList<>();
        for (String component : List.of(product.vendor(), product.product())) {
            words.addAll(List.of(component.toLowerCase(Locale.ROOT).split("_", -1)));
        }
        return words;
    }

    /** A file that tells how much of it has been read. */
    private final class Counted extends FilterInputStream {
        Counted(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            bytesRead += b < 0 ? 0 : 1;
            return b;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int got = super.read(bytes, offset, length);
            bytesRead += Math.max(0, got);
            return got;
        }
    }
}
