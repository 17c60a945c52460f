package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandGroup.STREAM;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.structures.IdMap;
import dev.holdfast.engine.structures.StreamLog;
import dev.holdfast.engine.types.ConsumerGroup;
import dev.holdfast.engine.types.PendingEntry;
import dev.holdfast.engine.types.StreamConsumer;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;
import java.util.List;

/** XINFO: what is known of streams, groups and consumers. */
public final class StreamInfoCommands {
    private static final long DEFAULT_COUNT = 10;

    private StreamInfoCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(container("XINFO")
            .in(STREAM)
            .since("5.0.0")
            .arity(-2)
            .complexity("Depends on the subcommand")
            .summary("Commands that tell of streams and their readers")
            .subcommands(List.of(
                    command("CONSUMERS", "key group", StreamInfoCommands::consumers)
                            .in(STREAM)
                            .since("5.0.0")
                            .arity(4)
                            .flags(READONLY)
                            .keys(KeySpec.at(2, RO, ACCESS))
                            .tips("nondeterministic_output")
                            .complexity("O(N) with N consumers")
                            .summary("The consumers of a group"),
                    command("GROUPS", "key", StreamInfoCommands::groups)
                            .in(STREAM)
                            .since("5.0.0")
                            .arity(3)
                            .flags(READONLY)
                            .keys(KeySpec.at(2, RO, ACCESS))
                            .complexity("O(N) with N groups")
                            .summary("The consumer groups of a stream"),
                    Help.subcommand(STREAM, "5.0.0"),
                    command("STREAM", "key [FULL [COUNT count]]", StreamInfoCommands::stream)
                            .in(STREAM)
                            .since("5.0.0")
                            .arity(-3)
                            .flags(READONLY)
                            .keys(KeySpec.at(2, RO, ACCESS))
                            .complexity("O(1); with FULL, O(N) with what is shown")
                            .summary("What is known of a stream"))));

    private static StreamValue read(Call call) {
        StreamValue stream = call.read(call.arg(2), StreamValue.class);
        if (stream == null) {
            throw CommandException.noSuchKey();
        }
        return stream;
    }

    private static void consumers(Call call) {
        StreamValue stream = read(call);
        ConsumerGroup group = StreamGroupCommands.existing(stream.group(call.arg(3)), call.arg(3), call.arg(2));
        Reply reply = call.reply();
        reply.array(group.consumers().size());
        for (StreamConsumer consumer : group.consumers()) {
            reply.map(4);
            reply.bulk("name");
            reply.bulk(consumer.name());
            reply.bulk("pending");
            reply.integer(consumer.pending().size());
            reply.bulk("idle");
            reply.integer(Math.max(0, call.now() - consumer.seenTime()));
            reply.bulk("inactive");
            reply.integer(
                    consumer.activeTime() == StreamConsumer.NEVER
                            ? StreamConsumer.NEVER
                            : call.now() - consumer.activeTime());
        }
    }

    private static void groups(Call call) {
        StreamValue stream = read(call);
        Reply reply = call.reply();
        reply.array(stream.groups().size());
        stream.groups().forEach((name, group) -> {
            reply.map(6);
            reply.bulk("name");
            reply.bulk(name);
            reply.bulk("consumers");
            reply.integer(group.consumers().size());
            reply.bulk("pending");
            reply.integer(group.pending().size());
            progress(reply, stream, group);
        });
    }

    private static void progress(Reply reply, StreamValue stream, ConsumerGroup group) {
        reply.bulk("last-delivered-id");
        StreamReplies.id(reply, group.lastId());
        reply.bulk("entries-read");
        integerOrNil(reply, group.entriesRead(), ConsumerGroup.UNKNOWN);
        reply.bulk("lag");
        integerOrNil(reply, stream.lag(group), StreamValue.LAG_UNKNOWN);
    }

    private static void integerOrNil(Reply reply, long value, long unknown) {
        if (value == unknown) {
            reply.nil();
        } else {
            reply.integer(value);
        }
    }

    private static void stream(Call call) {
        StreamValue stream = read(call);
        long count = DEFAULT_COUNT;
        boolean full = call.argCount() > 3;
        if (full) {
            int words = call.argCount() - 3;
            if (words != 1 && words != 3
                    || !call.arg(3).isWord("FULL")
                    || words == 3 && !call.arg(4).isWord("COUNT")) {
                throw Help.wrongWords(call);
            }
            if (words == 3) {
                count = call.longArg(5);
                count = count < 0 ? DEFAULT_COUNT : count;
            }
        }
        Reply reply = call.reply();
        reply.map(full ? 9 : 10);
        summary(reply, stream);
        if (full) {
            reply.bulk("entries");
            StreamReplies.entries(reply, stream.walk(StreamId.MIN, StreamId.MAX, false), count);
            reply.bulk("groups");
            reply.array(stream.groups().size());
            for (var group : stream.groups().entrySet()) {
                group(reply, stream, group.getKey(), group.getValue(), count);
            }
        } else {
            reply.bulk("groups");
            reply.integer(stream.groups().size());
            reply.bulk("first-entry");
            edge(reply, stream, false);
            reply.bulk("last-entry");
            edge(reply, stream, true);
        }
    }

    /** Where Valkey has a radix tree there is a sorted array: its keys are the blocks, its nodes one more. */
    private static void summary(Reply reply, StreamValue stream) {
        reply.bulk("length");
        reply.integer(stream.length());
        reply.bulk("radix-tree-keys");
        reply.integer(stream.blocks());
        reply.bulk("radix-tree-nodes");
        reply.integer(stream.blocks() + 1L);
        reply.bulk("last-generated-id");
        StreamReplies.id(reply, stream.lastId());
        reply.bulk("max-deleted-entry-id");
        StreamReplies.id(reply, stream.maxDeletedId());
        reply.bulk("entries-added");
        reply.integer(stream.entriesAdded());
        reply.bulk("recorded-first-entry-id");
        StreamReplies.id(reply, stream.firstId());
    }

    private static void edge(Reply reply, StreamValue stream, boolean last) {
        StreamLog.Walk walk = stream.walk(StreamId.MIN, StreamId.MAX, last);
        if (walk.next()) {
            StreamReplies.entry(reply, walk, new Slice(), new Slice());
        } else {
            reply.nil();
        }
    }

    private static void group(Reply reply, StreamValue stream, Slice name, ConsumerGroup group, long count) {
        reply.map(7);
        reply.bulk("name");
        reply.bulk(name);
        progress(reply, stream, group);
        reply.bulk("pel-count");
        reply.integer(group.pending().size());
        reply.bulk("pending");
        pending(reply, group.pending(), count, true);
        reply.bulk("consumers");
        reply.array(group.consumers().size());
        for (StreamConsumer consumer : group.consumers()) {
            reply.map(5);
            reply.bulk("name");
            reply.bulk(consumer.name());
            reply.bulk("seen-time");
            reply.integer(consumer.seenTime());
            reply.bulk("active-time");
            reply.integer(consumer.activeTime());
            reply.bulk("pel-count");
            reply.integer(consumer.pending().size());
            reply.bulk("pending");
            pending(reply, consumer.pending(), count, false);
        }
    }

    private static void pending(Reply reply, IdMap<PendingEntry> entries, long count, boolean withConsumer) {
        int mark = reply.beginArray();
        long shown = 0;
        PendingEntry entry = entries.first();
        while (entry != null && (count == 0 || shown < count)) {
            reply.array(withConsumer ? 4 : 3);
            StreamReplies.id(reply, entry.id());
            if (withConsumer) {
                reply.bulk(entry.consumer().name());
            }
            reply.integer(entry.deliveryTime());
            reply.integer(entry.deliveries());
            shown++;
            entry = entries.higher(entry.ms(), entry.seq());
        }
        reply.endArray(mark, shown);
    }
}
