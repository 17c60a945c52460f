package dev.holdfast.toolkit.cpe;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Instruments.Timer;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import dev.holdfast.toolkit.store.StoreUri;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A dictionary of CPE names, and guesses which of its products a name of software means.
 *
 * <pre>
 * try (Toolkit toolkit = Toolkit.open("embedded:?db=8")) {
 *     CpeDictionary dictionary = toolkit.cpeDictionary().build();
 *     dictionary.importFile(Path.of("nvdcpe-2.0.tar.gz"), CpeProgress.NONE);
 *     dictionary.guess("Mozilla Firefox (x64 en-US)", 5);     // cpe:2.3:a:mozilla:firefox first
 * }
 * </pre>
 *
 * <p>The names are in the store, in the keys that {@link CpeLayout} lists, which fill a database of their own: 8 by custom. Guesses are
 * made in this JVM, from an index that is read from there when the dictionary is built, and again some time after anybody has imported
 * into it; they wait for no store. Any number of threads may use a dictionary.
 */
public final class CpeDictionary implements Pattern {
    private static final Logger LOG = LoggerFactory.getLogger(CpeDictionary.class);
    private static final int PAGE = 2_000;
    private static final String DEFAULT_URI = "redis://localhost:6379/8";

    /** The database that a dictionary has by custom. */
    public static final int DATABASE = 8;

    private final Context context;
    private final Store store;
    private final DictionaryKeys keys;
    private final CpeLayout layout;
    private final Timer guesses;
    private final Future<?> looking;
    private final AtomicBoolean refreshing = new AtomicBoolean();
    private volatile Loaded loaded;

    /**
     * An index, and what showed what it was built from.
     *
     * @param unreadable how many members of the rank are no CPE names
     */
    private record Loaded(Guesser guesser, String version, long size, long unreadable) {}

    private CpeDictionary(Builder builder) {
        this.context = builder.context;
        this.store = context.store();
        this.keys = new DictionaryKeys(store);
        this.layout = builder.layout;
        this.guesses = context.instruments(kind(), name()).timer("guess");
        this.loaded = load();
        long every = builder.refresh.toMillis();
        this.looking = context.timer()
                .scheduleWithFixedDelay(
                        () -> context.workers().execute(this::look), every, every, TimeUnit.MILLISECONDS);
    }

    public static Builder builder(Context context) {
        return new Builder(context);
    }

    /**
     * The URI of the store that has the dictionary, by the environment: what {@code CPE_GUESSER_VALKEY_HOST}, {@code _PORT},
     * {@code _DB}, {@code _USERNAME}, {@code _PASSWORD} and {@code _USE_TLS} say, else what {@link StoreUri#fromEnvironment} finds,
     * with database 8, else database 8 of the server on this machine.
     */
    public static String uri(Map<String, String> environment) {
        String own = StoreUri.fromEnvironment(environment, "CPE_GUESSER_VALKEY", DATABASE);
        if (own != null) {
            return own;
        }
        String general = StoreUri.fromEnvironment(environment);
        return general == null ? DEFAULT_URI : StoreUri.withDatabase(general, DATABASE);
    }

    /** A store's URI, with database 8 unless it names another. */
    public static String inOwnDatabase(String uri) {
        boolean named = uri.matches(".*[?&](db|database)=.*") || uri.matches("[a-z-]+://[^/]*/\\d+.*");
        if (named) {
            return uri;
        }
        // An embedded store keeps its other options.
        return uri.startsWith("embedded:") && uri.indexOf('?') > 0
                ? uri + "&db=" + DATABASE
                : StoreUri.withDatabase(uri, DATABASE);
    }

    @Override
    public String kind() {
        return "cpe";
    }

    @Override
    public String name() {
        return "dictionary";
    }

    // ---- guesses ----

    /**
     * The products that a name may mean, best first; none if it hardly means any of them.
     *
     * @param name as people and tools write it, with or without vendor, version, architecture
     * @param limit how many at most
     */
    public List<Guess> guess(String name, int limit) {
        long begin = System.nanoTime();
        try {
            return loaded.guesser.guess(name, limit);
        } finally {
            guesses.record(System.nanoTime() - begin, TimeUnit.NANOSECONDS);
        }
    }

    /** The same, of a name in words. */
    public List<Guess> guess(List<String> words, int limit) {
        return guess(String.join(" ", words), limit);
    }

    /** The same, with what was found of each product. */
    public List<Explanation> explain(String name, int limit) {
        return loaded.guesser.explain(name, limit);
    }

    /** The best of them. */
    public Optional<Guess> best(String name) {
        return guess(name, 1).stream().findFirst();
    }

    /** How many products there are to guess. */
    public long size() {
        return loaded.size;
    }

    // ---- the dictionary ----

    /**
     * Adds the names of a file: NVD's CPE dictionary as JSON (API 2.0 and feeds) or XML (2.3, 2.2), CVE records (5, NVD 2.0), or a table of
     * vendors and products; plain or in gzip, zip and tar. What it is shows by its content.
     *
     * <p>A file that has been imported before is left out, and one whose import did not end is gone on with. Nothing of a file is in the
     * dictionary before all of it has been read.
     *
     * @throws MalformedFileException if the file is damaged or of another format; the dictionary is as it was
     * @throws IllegalStateException if another process imports the same file at this moment
     */
    public CpeImportResult importFile(Path file, CpeProgress progress) throws IOException {
        CpeImportResult result = new CpeImport(store, keys, layout, progress, file).run();
        refresh();
        return result;
    }

    /** Removes all of it from the store. */
    public void clear() {
        for (String pattern : keys.patterns()) {
            store.scan(pattern, store::unlink);
        }
        refresh();
    }

    /** Reads the dictionary from the store, now. */
    public void refresh() {
        loaded = load();
    }

    /** Reads it if it is another than before. */
    private void look() {
        if (!refreshing.compareAndSet(false, true)) {
            return;
        }
        try {
            Loaded before = loaded;
            if (!version().equals(before.version)) {
                refresh();
            }
        } catch (StoreException | CancellationException e) {
            LOG.debug("The CPE dictionary could not be looked at", e);
        } catch (RuntimeException e) {
            LOG.warn("The CPE dictionary could not be read again", e);
        } finally {
            refreshing.set(false);
        }
    }

    /** What changes with every import, by us or by cpe-guesser. */
    private String version() {
        return store.call("GET", keys.version()).textOrNull() + " "
                + store.call("ZCARD", keys.rank()).number();
    }

    private Loaded load() {
        String version = version();
        Map<CpeName, Long> counts = new LinkedHashMap<>();
        long unreadable = 0;
        String cursor = "0";
        do {
            List<Reply> answer =
                    store.call("ZSCAN", keys.rank(), cursor, "COUNT", PAGE).list();
            cursor = answer.get(0).text();
            List<Reply> page = answer.get(1).list();
            for (int i = 0; i + 1 < page.size(); i += 2) {
                CpeName product;
                try {
                    product = CpeName.parse(page.get(i).text());
                } catch (IllegalArgumentException e) {
                    unreadable++;
                    continue;
                }
                long words = CpeImport.words(product).size();
                counts.put(product, Math.max(1, (long) page.get(i + 1).real() / words));
            }
        } while (!cursor.equals("0"));
        return new Loaded(new Guesser(Index.of(counts)), version, counts.size(), unreadable);
    }

    @Override
    public Health health() {
        Loaded now = loaded;
        return Health.up(Map.of("products", now.size, "unreadable", now.unreadable));
    }

    @Override
    public boolean isOnlyCopy() {
        return true;
    }

    @Override
    public void close() {
        looking.cancel(false);
        context.unregister(this);
    }

    /** What can be chosen of a dictionary. */
    public static final class Builder {
        private final Context context;
        private CpeLayout layout = CpeLayout.CPE_GUESSER;
        private Duration refresh = Duration.ofSeconds(5);

        private Builder(Context context) {
            this.context = context;
        }

        /** What is kept in the store; {@link CpeLayout#CPE_GUESSER} unless this is called. */
        public Builder layout(CpeLayout layout) {
            this.layout = layout;
            return this;
        }

        /** How often to see whether somebody has imported; 5 seconds unless this is called. */
        public Builder refreshEvery(Duration refresh) {
            if (refresh.toMillis() < 1) {
                throw new IllegalArgumentException(
                        "a dictionary is looked at once in a millisecond at most: " + refresh);
            }
            this.refresh = refresh;
            return this;
        }

        /**
         * Reads the dictionary from the store.
         *
         * @throws StoreException if that fails
         */
        public CpeDictionary build() {
            return context.register(new CpeDictionary(this));
        }
    }
}
