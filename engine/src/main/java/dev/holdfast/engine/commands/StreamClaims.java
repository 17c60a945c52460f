package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.types.ConsumerGroup;
import dev.holdfast.engine.types.PendingEntry;
import dev.holdfast.engine.types.StreamConsumer;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** XCLAIM and XAUTOCLAIM. Both also take entries that are no longer in the stream off the lists of what waits. */
final class StreamClaims {
    private static final int ATTEMPTS_FOR_EACH = 10;
    private static final long MAX_COUNT = Long.MAX_VALUE / 16;

    private StreamClaims() {}

    static void claim(Call call) {
        Slice key = call.arg(1);
        ConsumerGroup group = StreamPendingCommands.existingGroup(call);
        long minIdle = Math.max(0, idleArg(call, 4, "ERR Invalid min-idle-time argument for XCLAIM"));
        List<StreamId> ids = new ArrayList<>();
        int at = 5;
        for (; at < call.argCount(); at++) {
            StreamId id = StreamArguments.parseStrict(call.arg(at), 0);
            if (id == null) {
                break;
            }
            ids.add(id);
        }
        ClaimOptions options = ClaimOptions.parse(call, at);
        Edit<StreamValue> edit = call.edit(key, StreamValue.class);
        StreamValue stream = existing(edit.value());
        boolean groupMoved = options.lastId.compareTo(group.lastId()) > 0;
        if (groupMoved) {
            group.setLastId(options.lastId);
        }
        StreamConsumer consumer = consumer(call, edit, group);
        Reply reply = call.reply();
        int mark = reply.beginArray();
        long claimed = 0;
        for (StreamId id : ids) {
            PendingEntry entry = group.pending(id);
            if (!stream.contains(id)) {
                if (entry != null) {
                    forget(call, edit, group, entry);
                    groupMoved = false;
                }
                continue;
            }
            if (entry == null) {
                if (!options.force) {
                    continue;
                }
                entry = group.add(id, consumer, options.deliveryTime, 1);
            } else if (minIdle != 0 && call.now() - entry.deliveryTime() < minIdle) {
                continue;
            }
            long more = options.justId ? 0 : 1;
            long deliveries = options.retryCount >= 0 ? options.retryCount : entry.deliveries() + more;
            entry = group.deliver(entry, consumer, options.deliveryTime, deliveries);
            show(call, edit, stream, group, entry, options.justId);
            claimed++;
            groupMoved = false;
        }
        if (groupMoved) {
            StreamGroupCommands.propagateGroupId(call, key, group, call.arg(2));
            edit.doneWithin(1);
        }
        reply.endArray(mark, claimed);
    }

    static void autoClaim(Call call) {
        Slice key = call.arg(1);
        Object item = call.lookup(key);
        long minIdle = Math.max(0, idleArg(call, 4, "ERR Invalid min-idle-time argument for XAUTOCLAIM"));
        StreamId start = StreamArguments.start(call, 5);
        long count = 100;
        boolean justId = false;
        for (int i = 6; i < call.argCount(); i++) {
            if (i + 1 < call.argCount() && call.arg(i).isWord("COUNT")) {
                count = call.longArg(++i, 1, MAX_COUNT, "ERR COUNT must be > 0");
            } else if (call.arg(i).isWord("JUSTID")) {
                justId = true;
            } else {
                throw CommandException.syntax();
            }
        }
        ConsumerGroup group = StreamPendingCommands.existingGroup(call, item);
        Edit<StreamValue> edit = call.edit(key, StreamValue.class);
        StreamValue stream = existing(edit.value());
        StreamConsumer consumer = consumer(call, edit, group);
        Reply reply = call.reply();
        List<StreamId> gone = new ArrayList<>();
        List<PendingEntry> claimed = new ArrayList<>();
        long attempts = count * ATTEMPTS_FOR_EACH;
        PendingEntry entry = group.pending().ceiling(start.ms(), start.seq());
        while (entry != null && attempts-- > 0 && claimed.size() + gone.size() < count) {
            if (!stream.contains(entry.id())) {
                forget(call, edit, group, entry);
                gone.add(entry.id());
            } else if (minIdle == 0 || call.now() - entry.deliveryTime() >= minIdle) {
                entry = group.deliver(entry, consumer, call.now(), entry.deliveries() + (justId ? 0 : 1));
                claimed.add(entry);
            }
            entry = group.pending().higher(entry.ms(), entry.seq());
        }
        reply.array(3);
        StreamReplies.id(reply, entry == null ? StreamId.MIN : entry.id());
        reply.array(claimed.size());
        for (PendingEntry each : claimed) {
            show(call, edit, stream, group, each, justId);
        }
        reply.array(gone.size());
        gone.forEach(id -> StreamReplies.id(reply, id));
    }

    private static long idleArg(Call call, int index, String message) {
        return call.longArg(index, Long.MIN_VALUE, Long.MAX_VALUE, message);
    }

    private static StreamValue existing(@Nullable StreamValue stream) {
        if (stream == null) {
            throw new IllegalStateException("the stream has gone");
        }
        return stream;
    }

    private static StreamConsumer consumer(Call call, Edit<StreamValue> edit, ConsumerGroup group) {
        // What is claimed is appended to the log entry by entry.
        call.propagateNothing();
        StreamConsumer consumer = group.consumer(call.arg(3));
        if (consumer == null) {
            consumer = StreamGroupCommands.createConsumer(call, edit, group, call.arg(3));
            call.propagateAs("XGROUP", "CREATECONSUMER", edit.key(), call.arg(2), call.arg(3));
        }
        consumer.seen(call.now());
        return consumer;
    }

    /** Takes an entry that has gone from the stream off the lists. */
    private static void forget(Call call, Edit<StreamValue> edit, ConsumerGroup group, PendingEntry entry) {
        StreamPendingCommands.propagateClaim(call, edit.key(), group, call.arg(2), entry);
        group.acknowledge(entry.id());
        edit.doneWithin(1);
    }

    /** Answers with an entry that has just been claimed, and tells of it. */
    private static void show(
            Call call,
            Edit<StreamValue> edit,
            StreamValue stream,
            ConsumerGroup group,
            PendingEntry entry,
            boolean justId) {
        if (justId) {
            StreamReplies.id(call.reply(), entry.id());
        } else {
            StreamReplies.entry(call.reply(), stream, entry.id());
        }
        entry.consumer().active(call.now());
        StreamPendingCommands.propagateClaim(call, edit.key(), group, call.arg(2), entry);
        edit.doneWithin(1);
    }

    /** What follows XCLAIM's ids. */
    private static final class ClaimOptions {
        private boolean force;
        private boolean justId;
        private long retryCount = -1;
        private long deliveryTime = -1;
        private StreamId lastId = StreamId.MIN;

        static ClaimOptions parse(Call call, int first) {
            ClaimOptions options = new ClaimOptions();
            for (int i = first; i < call.argCount(); i++) {
                Slice word = call.arg(i);
                boolean more = i + 1 < call.argCount();
                if (word.isWord("FORCE")) {
                    options.force = true;
                } else if (word.isWord("JUSTID")) {
                    options.justId = true;
                } else if (more && word.isWord("IDLE")) {
                    options.deliveryTime =
                            call.now() - idleArg(call, ++i, "ERR Invalid IDLE option argument for XCLAIM");
                } else if (more && word.isWord("TIME")) {
                    options.deliveryTime = idleArg(call, ++i, "ERR Invalid TIME option argument for XCLAIM");
                } else if (more && word.isWord("RETRYCOUNT")) {
                    options.retryCount = idleArg(call, ++i, "ERR Invalid RETRYCOUNT option argument for XCLAIM");
                } else if (more && word.isWord("LASTID")) {
                    options.lastId = StreamArguments.strictId(call, ++i);
                } else {
                    throw new CommandException("ERR Unrecognized XCLAIM option '" + word.shown() + "'");
                }
            }
            // A time without sense, as a client's clock may yield it, is no mistake: it is now.
            if (options.deliveryTime < 0 || options.deliveryTime > call.now()) {
                options.deliveryTime = call.now();
            }
            return options;
        }
    }
}
