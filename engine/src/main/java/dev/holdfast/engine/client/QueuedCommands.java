package dev.holdfast.engine.client;

import dev.holdfast.engine.acl.Acl;
import dev.holdfast.engine.base.SpareArrays;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.protocol.Account;
import dev.holdfast.engine.protocol.Args;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands queued since MULTI. */
public final class QueuedCommands {
    /** A command that has passed all checks, and a copy of its words. */
    public record Queued(CommandSpec spec, Args args) {}

    /** What a queued command takes beside its words. */
    private static final int QUEUED_BYTES = 64;

    private static final int FIRST_CHUNK_BYTES = 256;

    private static final int HEADER_BYTES = 16;

    /** The size of a region of a small heap: the collector does not move an array that fills one. */
    private static final int LARGEST_CHUNK_BYTES = (1 << 20) - HEADER_BYTES;

    private final SpareArrays spares;
    private final List<Queued> commands = new ArrayList<>();
    private @Nullable Args lastSelect;
    private boolean failed;
    private long bytes;
    private long held;

    /** Where the words are copied to, each chunk about as large as all before it. */
    private final List<byte[]> chunks = new ArrayList<>();

    /** The last of them. */
    private byte[] chunk = {};

    private int chunkUsed;

    /** @param spares where long chunks come from, and go when they are no longer used */
    public QueuedCommands(SpareArrays spares) {
        this.spares = spares;
    }

    public void add(CommandSpec spec, Args args, Account account) {
        long size = args.sizeBytes();
        take(args.placeBytes() + QUEUED_BYTES, account);
        Args copy = copy(args, size, account);
        commands.add(new Queued(spec, copy));
        bytes += size;
        if (spec.has(CommandRole.SELECTS)) {
            lastSelect = copy;
        }
    }

    private Args copy(Args args, long size, Account account) {
        if (size > chunk.length - chunkUsed) {
            if (size > LARGEST_CHUNK_BYTES) {
                take(size, account);
                return args.copy();
            }
            chunk = newChunk((int) Math.max(size, Math.clamp(bytes, FIRST_CHUNK_BYTES, LARGEST_CHUNK_BYTES)), account);
            chunks.add(chunk);
            chunkUsed = 0;
        }
        Args copy = args.copyTo(chunk, chunkUsed);
        chunkUsed += (int) size;
        return copy;
    }

    /** A chunk of one of few lengths, powers of two with their headers, so that it can serve again. */
    private byte[] newChunk(int least, Account account) {
        int length = Math.min(LARGEST_CHUNK_BYTES, 2 * Integer.highestOneBit(least + HEADER_BYTES - 1) - HEADER_BYTES);
        byte[] spare = spares.take(length);
        take(spare == null ? length : spare.length, account);
        return spare == null ? new byte[length] : spare;
    }

    private void take(long more, Account account) {
        account.take(more);
        held += more;
    }

    /** The database in which the next command will run, {@code before} being that of the first. */
    int databaseFrom(int before, int databases) {
        int selected = lastSelect == null ? -1 : Acl.databaseNumber(lastSelect.get(1), databases);
        return selected < 0 ? before : selected;
    }

    public List<Queued> commands() {
        return commands;
    }

    public int size() {
        return commands.size();
    }

    /** The bytes of the queued words. */
    public long sizeBytes() {
        return bytes;
    }

    /** What its client's account was charged. */
    long heldBytes() {
        return held;
    }

    /** Lets the chunks serve others. No command of this transaction is looked at any more. */
    public void release() {
        commands.clear();
        chunks.forEach(spares::add);
        chunks.clear();
        chunk = new byte[0];
        chunkUsed = 0;
    }

    /** Says that a command could not be queued; EXEC will refuse. */
    public void fail() {
        failed = true;
    }

    public boolean hasFailed() {
        return failed;
    }
}
