package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.STREAM;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.DELETE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.structures.IdMap;
import dev.holdfast.engine.types.ConsumerGroup;
import dev.holdfast.engine.types.PendingEntry;
import dev.holdfast.engine.types.StreamConsumer;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands for what consumers have been given and have not acknowledged; XCLAIM and XAUTOCLAIM are handled elsewhere. */
public final class StreamPendingCommands {
    private StreamPendingCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("XACK", "key group id [id ...]", StreamPendingCommands::acknowledge)
                    .in(STREAM)
                    .since("5.0.0")
                    .arity(-4)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, UPDATE))
                    .complexity("O(1) for each entry")
                    .summary("Acknowledges entries, and tells how many were waiting for that"),
            command(
                            "XPENDING",
                            "key group [[IDLE min-idle-time] start end count [consumer]]",
                            StreamPendingCommands::pending)
                    .in(STREAM)
                    .since("5.0.0")
                    .arity(-3)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .tips("nondeterministic_output")
                    .complexity("O(N) with N entries looked at, or N consumers for the survey")
                    .summary("A survey of the entries that wait for an acknowledgement, or the entries themselves"),
            command(
                            "XCLAIM",
                            "key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds]"
                                    + " [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]",
                            StreamClaims::claim)
                    .in(STREAM)
                    .since("5.0.0")
                    .arity(-6)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, UPDATE))
                    .tips("nondeterministic_output")
                    .complexity("O(log(N)) for each entry, with N that wait in the group")
                    .summary("Makes a consumer the owner of entries that another has not acknowledged"),
            command(
                            "XAUTOCLAIM",
                            "key group consumer min-idle-time start [COUNT count] [JUSTID]",
                            StreamClaims::autoClaim)
                    .in(STREAM)
                    .since("6.2.0")
                    .arity(-6)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, DELETE))
                    .tips("nondeterministic_output")
                    .complexity("O(1) if COUNT is small")
                    .summary(
                            "Makes a consumer the owner of entries that others have left unacknowledged for too long"));

    private static void acknowledge(Call call) {
        ConsumerGroup group = group(call);
        if (group == null) {
            call.reply().integer(0);
            return;
        }
        StreamId[] ids = StreamCommands.ids(call, 3);
        Edit<StreamValue> edit = call.edit(call.arg(1), StreamValue.class);
        long acknowledged = 0;
        for (StreamId id : ids) {
            acknowledged += group.acknowledge(id) ? 1 : 0;
        }
        edit.doneWithin(acknowledged);
        call.reply().integer(acknowledged);
    }

    /** The group of the second word in the stream of the first, or null. Reading it counts as an access. */
    private static @Nullable ConsumerGroup group(Call call) {
        StreamValue stream = call.read(call.arg(1), StreamValue.class);
        return stream == null ? null : stream.group(call.arg(2));
    }

    /** As {@link #group}, or the error that there is none. */
    static ConsumerGroup existingGroup(Call call) {
        return existingGroup(call, call.lookup(call.arg(1)));
    }

    /** The same where the first word has been looked up already. */
    static ConsumerGroup existingGroup(Call call, @Nullable Object item) {
        StreamValue stream = Call.cast(item, StreamValue.class);
        ConsumerGroup group = stream == null ? null : stream.group(call.arg(2));
        if (group == null) {
            throw new CommandException("NOGROUP No such key '" + call.arg(1).shown() + "' or consumer group '"
                    + call.arg(2).shown() + "'");
        }
        return group;
    }

    private static void pending(Call call) {
        int words = call.argCount();
        if (words == 3) {
            survey(call.reply(), existingGroup(call));
            return;
        }
        if (words < 6 || words > 9) {
            throw CommandException.syntax();
        }
        long minIdle = 0;
        int at = 3;
        if (call.arg(3).isWord("IDLE")) {
            minIdle = call.longArg(4);
            if (words < 8) {
                throw CommandException.syntax();
            }
            at = 5;
        }
        long count = Math.max(0, call.longArg(at + 2));
        StreamId start = StreamArguments.start(call, at);
        StreamId end = StreamArguments.end(call, at + 1);
        ConsumerGroup group = existingGroup(call);
        IdMap<PendingEntry> entries = group.pending();
        if (at + 3 < words) {
            StreamConsumer consumer = group.consumer(call.arg(at + 3));
            if (consumer == null) {
                call.reply().emptyArray();
                return;
            }
            entries = consumer.pending();
        }
        Reply reply = call.reply();
        int mark = reply.beginArray();
        long shown = 0;
        PendingEntry entry = entries.ceiling(start.ms(), start.seq());
        while (entry != null && shown < count && entry.id().compareTo(end) <= 0) {
            long idle = call.now() - entry.deliveryTime();
            if (minIdle == 0 || idle >= minIdle) {
                reply.array(4);
                StreamReplies.id(reply, entry.id());
                reply.bulk(entry.consumer().name());
                reply.integer(Math.max(0, idle));
                reply.integer(entry.deliveries());
                shown++;
            }
            entry = entries.higher(entry.ms(), entry.seq());
        }
        reply.endArray(mark, shown);
    }

    private static void survey(Reply reply, ConsumerGroup group) {
        PendingEntry first = group.pending().first();
        PendingEntry last = group.pending().last();
        reply.array(4);
        reply.integer(group.pending().size());
        if (first == null || last == null) {
            reply.nil();
            reply.nil();
            reply.nilArray();
            return;
        }
        StreamReplies.id(reply, first.id());
        StreamReplies.id(reply, last.id());
        int mark = reply.beginArray();
        long shown = 0;
        for (StreamConsumer consumer : group.consumers()) {
            if (consumer.pending().size() > 0) {
                reply.array(2);
                reply.bulk(consumer.name());
                reply.bulk(consumer.pending().size());
                shown++;
            }
        }
        reply.endArray(mark, shown);
    }

    /** What gives an entry to its consumer as it has it now, and the group its last id. */
    static void propagateClaim(Call call, Slice key, ConsumerGroup group, Slice groupName, PendingEntry entry) {
        if (!call.isLogged()) {
            return;
        }
        call.propagateAs(
                "XCLAIM",
                key,
                groupName,
                entry.consumer().name(),
                "0",
                entry.id().toBytes(),
                "TIME",
                entry.deliveryTime(),
                "RETRYCOUNT",
                entry.deliveries(),
                "FORCE",
                "JUSTID",
                "LASTID",
                group.lastId().toBytes());
    }
}
