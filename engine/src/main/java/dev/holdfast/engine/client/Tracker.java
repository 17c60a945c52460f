package dev.holdfast.engine.client;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import java.util.Collection;
import java.util.NavigableSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.jspecify.annotations.Nullable;

/**
 * What one client has asked to be told of keys that it may have cached: {@code CLIENT TRACKING}. Only the client's own thread
 * changes it; threads whose commands change keys read it.
 */
public final class Tracker {
    /** Which keys the client gets invalidations of. */
    public enum Mode {
        /** Those that it has read. */
        DEFAULT,
        /** Those that it has read with a command that followed {@code CLIENT CACHING YES}. */
        OPTIN,
        /** Those that it has read with a command that did not follow {@code CLIENT CACHING NO}. */
        OPTOUT,
        /** All that begin with one of its prefixes, read or not. */
        BROADCAST
    }

    private final NavigableSet<Slice> prefixes = new ConcurrentSkipListSet<>();

    /** Null once the client has gone: the tables forget it only when its keys change. */
    private volatile @Nullable Client client;

    private volatile boolean on;
    private volatile Mode mode = Mode.DEFAULT;
    private volatile boolean noLoop;
    private volatile long redirection;
    private volatile boolean broken;
    private boolean caching;

    public Tracker(Client client) {
        this.client = client;
    }

    @Nullable
    public Client client() {
        return client;
    }

    public boolean isOn() {
        return on;
    }

    public Mode mode() {
        return mode;
    }

    public boolean isBroadcast() {
        return mode == Mode.BROADCAST;
    }

    /** Whether the client does not want to be told of what it has changed itself. */
    public boolean noLoop() {
        return noLoop;
    }

    /** The client that gets the invalidations in place of this one, or 0. */
    public long redirection() {
        return redirection;
    }

    /** Whether that client was found to have gone. */
    public boolean isBroken() {
        return broken;
    }

    /** The prefixes of a broadcast, in order; the empty one stands for all keys. */
    public Collection<Slice> prefixes() {
        return prefixes;
    }

    /** Whether {@code CLIENT CACHING} has been said about the commands that follow. */
    public boolean isCachingGiven() {
        return caching;
    }

    public void giveCaching() {
        caching = true;
    }

    /** A command has ended. What {@code CLIENT CACHING} said held for it, or for the whole transaction that it began. */
    public void commandEnded(Client own) {
        if (caching && own.transaction() == null) {
            CommandSpec last = own.lastCommand();
            CommandSpec parent = last == null ? null : last.parent();
            caching = parent != null && parent.has(CommandRole.KEEPS_CACHING);
        }
    }

    /** Whether the keys that the client reads now are to be remembered. */
    public boolean wantsKeys() {
        return on
                && switch (mode) {
                    case DEFAULT -> true;
                    case OPTIN -> caching;
                    case OPTOUT -> !caching;
                    case BROADCAST -> false;
                };
    }

    /** Whether the client is to be told of a key that it has read and that {@code by} has changed. */
    public boolean wants(@Nullable Client by) {
        return on && mode != Mode.BROADCAST && !(noLoop && by != null && by == client);
    }

    public void begin(Mode newMode, boolean withoutLoop, long redirectTo) {
        mode = newMode;
        noLoop = withoutLoop;
        redirection = redirectTo;
        broken = false;
        on = true;
    }

    public void end() {
        on = false;
        mode = Mode.DEFAULT;
        noLoop = false;
        broken = false;
        caching = false;
        prefixes.clear();
    }

    public void clientHasGone() {
        client = null;
    }

    public void markBroken() {
        broken = true;
    }
}
