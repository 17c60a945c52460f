package dev.holdfast.engine.client;

import dev.holdfast.engine.acl.AclUser;
import dev.holdfast.engine.base.SharedBytes;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.metrics.ThreadStatistics;
import dev.holdfast.engine.protocol.Account;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A client: a connection's state, or a session's in this JVM. Its commands run one after the other, so most
 * fields belong to the thread that runs them; those that others set are volatile.
 */
public final class Client implements Account {
    /** What runs a client's commands, one after the other. */
    public interface Runner {}

    /** Whether replies are sent; {@code CLIENT REPLY}. */
    public enum ReplyMode {
        ON,
        OFF,
        /** The reply to this command is not sent, and those after it are. */
        SKIP,
        /** The reply to the next command is not sent. */
        SKIP_NEXT,
        /** What is sent is the stream of changes, in which there is no room for replies; one who would get one is disconnected. */
        REPLICA
    }

    private final long id;
    private final Link link;
    private final ThreadStatistics lane;
    private final Runner runner;
    private final long createdMillis;
    private final Set<Slice> channels = new LinkedHashSet<>();
    private final Set<Slice> patterns = new LinkedHashSet<>();
    private final Set<Slice> shardChannels = new LinkedHashSet<>();

    private int database;
    private volatile boolean resp3;
    private volatile AclUser user;
    private volatile String name = "";
    private volatile String libraryName = "";
    private volatile String libraryVersion = "";
    private volatile boolean noEvict;
    private volatile boolean noTouch;
    private volatile boolean redirectCapable;
    private volatile boolean importSource;
    private volatile boolean readOnly;
    private volatile boolean closing;
    private volatile boolean monitor;
    private volatile boolean subscriber;
    private volatile boolean postponed;
    private volatile long lastUsedMillis;
    private volatile @Nullable CommandSpec lastCommand;
    private volatile @Nullable BlockedCommand waiter;
    private volatile @Nullable Tracker tracker;
    private volatile ReplyMode replyMode = ReplyMode.ON;
    private boolean pushing;
    private @Nullable QueuedCommands transaction;
    private @Nullable Watch watch;
    private long commands;
    private volatile long writeOffset;
    private volatile long replicationOffset;
    private final ClientMemory memory;
    private final boolean limited;
    private volatile boolean leaving;

    /** What the client alone holds, in bytes, and what it holds together with others. */
    private long ownBytes;

    private long sharedBytes;
    private boolean forgotten;
    private boolean replaying;
    private volatile boolean primary;
    private volatile boolean replica;

    /**
     * @param runner makes what will run the client's commands
     */
    public Client(
            long id,
            Link link,
            ThreadStatistics lane,
            AclUser user,
            long nowMillis,
            ClientMemory memory,
            Function<Client, Runner> runner) {
        this.id = id;
        this.link = link;
        this.lane = lane;
        this.user = user;
        this.memory = memory;
        this.limited = link.isLimited();
        this.createdMillis = nowMillis;
        this.lastUsedMillis = nowMillis;
        this.runner = runner.apply(this);
    }

    public long id() {
        return id;
    }

    public Link link() {
        return link;
    }

    public ThreadStatistics lane() {
        return lane;
    }

    /** What runs the client's commands; only the {@code Engine} knows how. */
    public Runner runner() {
        return runner;
    }

    public int database() {
        return database;
    }

    public void select(int database) {
        this.database = database;
    }

    public boolean resp3() {
        return resp3;
    }

    public void setResp3(boolean resp3) {
        this.resp3 = resp3;
    }

    /** Who the client is, and so what it may do. */
    public AclUser user() {
        return user;
    }

    public void setUser(AclUser user) {
        this.user = user;
    }

    public boolean isAuthenticated() {
        return !user.isStranger();
    }

    public String name() {
        return name;
    }

    public void setName(String name) {
        this.name = name;
    }

    public String libraryName() {
        return libraryName;
    }

    public void setLibraryName(String name) {
        this.libraryName = name;
    }

    public String libraryVersion() {
        return libraryVersion;
    }

    public void setLibraryVersion(String version) {
        this.libraryVersion = version;
    }

    public boolean noEvict() {
        return noEvict;
    }

    public void setNoEvict(boolean noEvict) {
        this.noEvict = noEvict;
    }

    public boolean noTouch() {
        return noTouch;
    }

    public void setNoTouch(boolean noTouch) {
        this.noTouch = noTouch;
    }

    public boolean isRedirectCapable() {
        return redirectCapable;
    }

    public void setRedirectCapable(boolean capable) {
        this.redirectCapable = capable;
    }

    /** Whether the client brings data from elsewhere and decides itself what has expired; see {@code Expiry}. */
    public boolean isImportSource() {
        return importSource;
    }

    public void setImportSource(boolean importSource) {
        this.importSource = importSource;
    }

    /** Whether the client has said that a replica of a cluster may answer it; {@code READONLY}. */
    public boolean isReadOnly() {
        return readOnly;
    }

    public void setReadOnly(boolean readOnly) {
        this.readOnly = readOnly;
    }

    /** Whether the client is shown the commands of all others; {@code MONITOR}. */
    public boolean isMonitor() {
        return monitor;
    }

    void setMonitor(boolean monitor) {
        this.monitor = monitor;
    }

    public ReplyMode replyMode() {
        return replyMode;
    }

    public void setReplyMode(ReplyMode mode) {
        this.replyMode = replica ? ReplyMode.REPLICA : mode;
        this.pushing = false;
    }

    /** Says that the answer to the present command is a message that is sent even where replies are not. */
    public void answerIsPushed() {
        pushing = true;
    }

    public boolean takePushing() {
        boolean result = pushing;
        pushing = false;
        return result;
    }

    public long createdMillis() {
        return createdMillis;
    }

    public long lastUsedMillis() {
        return lastUsedMillis;
    }

    public @Nullable CommandSpec lastCommand() {
        return lastCommand;
    }

    /** Whether a permission, {@code yes}, {@code no} or {@code local}, holds for the client. */
    public boolean mayUse(String permission) {
        return permission.equals("yes") || permission.equals("local") && link.isLocal();
    }

    /** How many commands the client has run. */
    public long commands() {
        return commands;
    }

    /** Says that the client has sent or been sent something. */
    public void used(long millis) {
        lastUsedMillis = millis;
    }

    public void used(CommandSpec command) {
        if (lastCommand != command) {
            lastCommand = command;
        }
    }

    /** Says that a command has run to its end. */
    public void countCommand() {
        commands++;
    }

    /** The transaction being put together between MULTI and EXEC. */
    public @Nullable QueuedCommands transaction() {
        return transaction;
    }

    public void setTransaction(@Nullable QueuedCommands transaction) {
        QueuedCommands ended = this.transaction;
        this.transaction = transaction;
        if (ended != null) {
            give(ended.heldBytes());
        }
    }

    /** The keys being watched, or null where there are none. */
    public @Nullable Watch watch() {
        return watch;
    }

    public void setWatch(@Nullable Watch watch) {
        this.watch = watch;
    }

    /** Where in the replicas' stream of changes the client's last change ends; 0 while there is none. */
    public long replicationOffset() {
        return replicationOffset;
    }

    public void setReplicationOffset(long offset) {
        replicationOffset = offset;
    }

    /** Where in the append-only file's stream of changes the client's last change ends; 0 while there is none. */
    public long writeOffset() {
        return writeOffset;
    }

    public void setWriteOffset(long offset) {
        writeOffset = offset;
    }

    /**
     * Whether the client repeats what a log says. Its changes are not told again, and to it nothing expires but by the log's
     * word.
     */
    public boolean isReplaying() {
        return replaying;
    }

    public void setReplaying(boolean replaying) {
        this.replaying = replaying;
    }

    /** Whether the client is the primary that this store follows: it repeats a log whose changes are appended to our own file. */
    public boolean isPrimary() {
        return primary;
    }

    public void setPrimary() {
        this.replaying = true;
        this.primary = true;
    }

    /** Whether the client is a replica, which is sent the stream of changes. */
    public boolean isReplica() {
        return replica;
    }

    public void setReplica() {
        this.replica = true;
        setReplyMode(ReplyMode.REPLICA);
    }

    // ---- what it holds; see ClientMemory ----

    @Override
    public void take(long bytes) {
        memory.take(this, bytes);
    }

    @Override
    public void give(long bytes) {
        memory.give(this, bytes);
    }

    @Override
    public void take(SharedBytes bytes) {
        memory.take(this, bytes);
    }

    @Override
    public void give(SharedBytes bytes) {
        memory.give(this, bytes);
    }

    /** Counts what the client holds; {@link ClientMemory} alone calls it. */
    synchronized void hold(long own, long shared) {
        ownBytes += own;
        sharedBytes += shared;
    }

    /** What the client holds, in bytes, what others hold too included. */
    public synchronized long heldBytes() {
        return ownBytes + sharedBytes;
    }

    /** Whether what the client holds has an end. */
    public boolean isLimited() {
        return limited;
    }

    /** Whether the client has been told to go because of what it holds. */
    boolean isLeaving() {
        return leaving;
    }

    /** Says so. Returns what the client alone holds. */
    synchronized long startLeaving() {
        leaving = true;
        closing = true;
        return ownBytes;
    }

    long ownBytes() {
        return ownBytes;
    }

    /** Whether what the client holds is no longer counted, because it has gone. */
    boolean isForgotten() {
        return forgotten;
    }

    void setForgotten() {
        forgotten = true;
    }

    /** What the client waits for, or null while it does not wait. */
    public @Nullable BlockedCommand waiter() {
        return waiter;
    }

    public void setWaiter(@Nullable BlockedCommand waiter) {
        this.waiter = waiter;
    }

    /** What the client wants to be told of keys that it may have cached, or null if it has never asked. */
    public @Nullable Tracker tracker() {
        return tracker;
    }

    public void setTracker(@Nullable Tracker tracker) {
        this.tracker = tracker;
    }

    /** Whether a command of the client waits for the end of a pause. */
    public boolean isPostponed() {
        return postponed;
    }

    public void setPostponed(boolean postponed) {
        this.postponed = postponed;
    }

    /** The channels subscribed to; changed by {@code PubSub} alone. */
    public Set<Slice> channels() {
        return channels;
    }

    public Set<Slice> patterns() {
        return patterns;
    }

    public Set<Slice> shardChannels() {
        return shardChannels;
    }

    /** Whether the client is subscribed to anything, and so, in RESP2, may send little else. */
    public boolean isSubscriber() {
        return subscriber;
    }

    /** Takes note that the client's subscriptions have changed. */
    public void subscriptionsChanged() {
        subscriber = !channels.isEmpty() || !patterns.isEmpty() || !shardChannels.isEmpty();
    }

    /** Whether the connection ends once its replies are sent; further commands are not run. */
    public boolean isClosing() {
        return closing;
    }

    public void closeAfterReply() {
        closing = true;
    }
}
