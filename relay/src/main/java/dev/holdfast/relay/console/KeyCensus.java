package dev.holdfast.relay.console;

import dev.holdfast.toolkit.store.KeyWalk;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One count of all keys of a database, on a thread of its own. It looks at some hundred keys at a time and rests after each step for
 * several times as long as the step took, so that other clients have the store nearly to themselves.
 */
final class KeyCensus implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(KeyCensus.class);
    private static final int STEP = 250;
    private static final int REST = 4;
    private static final long MOST_REST_NANOS = 200_000_000;

    private final KeyWalk walk;
    private final KeyTree tree = new KeyTree();
    private final Instant begun = Instant.now();
    private final long expected;
    private volatile boolean stopped;
    private volatile @Nullable Instant ended;
    private volatile String problem = "";
    private volatile long visited;

    KeyCensus(Store store) {
        this.walk = new KeyWalk(store, "*", "");
        this.expected = store.call("DBSIZE").number();
        Thread.ofVirtual().name("holdfast-console-census").start(this);
    }

    @Override
    public void run() {
        String cursor = "0";
        long sum = 0;
        try {
            do {
                long begin = System.nanoTime();
                KeyWalk.Page page = walk.page(cursor, STEP);
                cursor = page.cursor();
                for (KeyWalk.Key key : page.keys()) {
                    tree.add(
                            new String(key.name(), StandardCharsets.UTF_8),
                            key.type(),
                            key.bytes(),
                            key.expiresAtMillis() >= 0);
                }
                sum += page.keys().size();
                visited = sum;
                long worked = System.nanoTime() - begin;
                Thread.sleep(java.time.Duration.ofNanos(Math.min(MOST_REST_NANOS, REST * worked)));
            } while (!cursor.equals("0") && !stopped);
            problem = cursor.equals("0") ? "" : "stopped";
        } catch (StoreException | IllegalStateException e) {
            problem = "the store refused: " + e.getMessage();
        } catch (InterruptedException e) {
            problem = "interrupted";
        } catch (RuntimeException e) {
            LOG.error("A count of keys failed", e);
            problem = "failed; see the log";
        } finally {
            ended = Instant.now();
        }
    }

    void stop() {
        stopped = true;
    }

    boolean isRunning() {
        return ended == null;
    }

    /** How far it is, with a branch of the tree; the branch's fields are absent if there is no such branch. */
    Map<String, Object> page(String prefix, boolean byBytes, int most) {
        Instant end = ended;
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("state", end == null ? "running" : problem.isEmpty() ? "done" : "ended");
        if (!problem.isEmpty()) {
            page.put("problem", problem);
        }
        page.put("begun", begun.toString());
        if (end != null) {
            page.put("ended", end.toString());
        }
        page.put("visited", visited);
        page.put("expected", expected);
        Map<String, Object> branch = tree.page(prefix, byBytes, most);
        if (branch != null) {
            page.put("branch", branch);
        }
        return page;
    }
}
