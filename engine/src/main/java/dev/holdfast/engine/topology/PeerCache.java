package dev.holdfast.engine.topology;

import dev.holdfast.engine.base.Clock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections to other servers that MIGRATE keeps for the next time: one for each server, 64 at most, and none that has not been
 * used for ten seconds. Who takes one has it for himself.
 */
public final class PeerCache {
    private static final Logger LOG = LoggerFactory.getLogger(PeerCache.class);
    private static final int MOST = 64;
    private static final long KEPT_MILLIS = 10_000;

    private record Idle(Peer peer, long sinceMillis) {}

    private final Clock clock;
    private final Map<String, Idle> idle = new LinkedHashMap<>();

    public PeerCache(Clock clock) {
        this.clock = clock;
    }

    /** Takes the connection to a server out; null where there is none. */
    public synchronized @Nullable Peer take(String server) {
        Idle found = idle.remove(server);
        return found == null ? null : found.peer;
    }

    /** Keeps a connection that works. */
    public void giveBack(String server, Peer peer) {
        List<Peer> superfluous = new ArrayList<>();
        synchronized (this) {
            Idle other = idle.put(server, new Idle(peer, clock.millis()));
            if (other != null) {
                superfluous.add(other.peer);
            } else if (idle.size() > MOST) {
                Iterator<Idle> oldest = idle.values().iterator();
                superfluous.add(oldest.next().peer);
                oldest.remove();
            }
        }
        superfluous.forEach(PeerCache::close);
    }

    /** Closes those that have not been used for a while. */
    public void closeUnused() {
        closeThoseUntil(clock.millis() - KEPT_MILLIS - 1);
    }

    public void closeAll() {
        closeThoseUntil(Long.MAX_VALUE);
    }

    private void closeThoseUntil(long millis) {
        List<Peer> unused = new ArrayList<>();
        synchronized (this) {
            idle.values().removeIf(one -> one.sinceMillis <= millis && unused.add(one.peer));
        }
        unused.forEach(PeerCache::close);
    }

    public synchronized int size() {
        return idle.size();
    }

    /** Closes a connection, whatever comes of it. */
    public static void close(Peer peer) {
        try {
            peer.close();
        } catch (IOException e) {
            LOG.debug("Closing a connection to another server failed", e);
        }
    }
}
