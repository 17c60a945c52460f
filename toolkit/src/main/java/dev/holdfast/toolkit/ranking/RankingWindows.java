package dev.holdfast.toolkit.ranking;

import dev.holdfast.toolkit.ranking.Ranking.Scored;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;

/** A board for each window of time, by the store's clock. A window's board is the key
 * <code>{ranking:name}:2026-11-21</code>: all of them lie in one slot, so that they can be added up. */
public final class RankingWindows {
    private final Store store;
    private final Window window;
    private final String key;
    private final Ranking.Builder builder;

    RankingWindows(Store store, Window window, String key, Ranking.Builder builder) {
        this.store = store;
        this.window = window;
        this.key = key;
        this.builder = builder;
    }

    /** The board of the present window. */
    public Ranking now() {
        return ago(0);
    }

    /**
     * The board of a window before the present one.
     *
     * @param windows how many before; 0 is the present one
     */
    public Ranking ago(int windows) {
        Instant now = Instant.ofEpochMilli(store.millis());
        LocalDate begin = window.before(window.begin(now), windows);
        return builder.boardOf(key + ":" + begin, window.life(now));
    }

    /**
     * The first members by the sum of their scores over the last windows, best first. Adds the boards up: it takes as long as they
     * are large.
     *
     * @param windows how many, the present one among them
     */
    public List<Scored> topOver(int windows, int count) {
        if (builder.tagged()) {
            throw new IllegalStateException("boards whose ties go by time cannot be added up");
        }
        List<Object> words = new ArrayList<>();
        words.add(windows);
        for (int i = 0; i < windows; i++) {
            words.add(ago(i).key());
        }
        words.add("WITHSCORES");
        List<Scored> sums = store.call("ZUNION", words.toArray()).list().stream()
                .map(Reply::list)
                .map(pair -> new Scored(pair.get(0).text(), pair.get(1).real()))
                .toList();
        List<Scored> ordered = builder.highFirst() ? sums.reversed() : sums;
        return List.copyOf(ordered.subList(0, Math.min(count, ordered.size())));
    }
}
