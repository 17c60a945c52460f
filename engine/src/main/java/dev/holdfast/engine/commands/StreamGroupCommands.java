package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.STREAM;
import static dev.holdfast.engine.catalog.KeySpec.Flag.DELETE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.INSERT;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.types.ConsumerGroup;
import dev.holdfast.engine.types.StreamConsumer;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** XGROUP: consumer groups and their consumers. */
public final class StreamGroupCommands {
    private static final String OPTIONS_END = "[ENTRIESREAD entries-read]";

    private StreamGroupCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(container("XGROUP")
            .in(STREAM)
            .since("5.0.0")
            .arity(-2)
            .complexity("Depends on the subcommand")
            .summary("Commands for consumer groups")
            .subcommands(List.of(
                    command("CREATE", "key group <id | $> [MKSTREAM] " + OPTIONS_END, StreamGroupCommands::create)
                            .in(STREAM)
                            .since("5.0.0")
                            .arity(-5)
                            .flags(WRITE, DENYOOM)
                            .keys(KeySpec.at(2, RW, INSERT))
                            .complexity("O(1)")
                            .summary("Makes a consumer group that reads on from an id"),
                    command("CREATECONSUMER", "key group consumer", StreamGroupCommands::createConsumer)
                            .in(STREAM)
                            .since("6.2.0")
                            .arity(5)
                            .flags(WRITE, DENYOOM)
                            .keys(KeySpec.at(2, RW, INSERT))
                            .complexity("O(1)")
                            .summary("Makes a consumer, which reading would do by itself"),
                    command("DELCONSUMER", "key group consumer", StreamGroupCommands::deleteConsumer)
                            .in(STREAM)
                            .since("5.0.0")
                            .arity(5)
                            .flags(WRITE)
                            .keys(KeySpec.at(2, RW, DELETE))
                            .complexity("O(N) with N entries that wait for the consumer")
                            .summary("Removes a consumer and all that waits for its acknowledgement"),
                    command("DESTROY", "key group", StreamGroupCommands::destroy)
                            .in(STREAM)
                            .since("5.0.0")
                            .arity(4)
                            .flags(WRITE)
                            .keys(KeySpec.at(2, RW, DELETE))
                            .complexity("O(N) with N consumers")
                            .summary("Removes a consumer group"),
                    Help.subcommand(STREAM, "5.0.0"),
                    command("SETID", "key group <id | $> " + OPTIONS_END, StreamGroupCommands::setId)
                            .in(STREAM)
                            .since("5.0.0")
                            .arity(-5)
                            .flags(WRITE)
                            .keys(KeySpec.at(2, RW, UPDATE))
                            .complexity("O(1)")
                            .summary("Sets from where a consumer group reads on"))));

    private static void create(Call call) {
        Options options = Options.parse(call, true);
        Edit<StreamValue> edit = call.edit(call.arg(2), StreamValue.class);
        StreamValue stream = edit.value();
        if (stream == null && !options.makesStream()) {
            throw noKey();
        }
        if (call.argCount() > 8) {
            throw Help.wrongWords(call);
        }
        StreamId id = StreamId.MIN;
        if (!call.arg(4).isWord("$")) {
            id = StreamArguments.strictId(call, 4);
        } else if (stream != null) {
            id = stream.lastId();
        }
        if (stream == null) {
            stream = edit.create(new StreamValue(Call.newRecord(ValueType.STREAM, edit.key())));
            if (!stream.createGroup(call.arg(3), id, options.entriesRead())) {
                throw new IllegalStateException("a new stream has a group");
            }
            edit.done(Event.XGROUP_CREATE);
        } else if (stream.createGroup(call.arg(3), id, options.entriesRead())) {
            edit.doneWithin(Event.XGROUP_CREATE);
        } else {
            throw new CommandException("BUSYGROUP Consumer Group name already exists");
        }
        call.reply().ok();
    }

    private static void setId(Call call) {
        Options options = Options.parse(call, false);
        Edit<StreamValue> edit = call.edit(call.arg(2), StreamValue.class);
        StreamValue stream = stream(edit);
        ConsumerGroup group = group(call, stream);
        if (call.argCount() != 5 && call.argCount() != 7) {
            throw Help.wrongWords(call);
        }
        StreamId id = call.arg(4).isWord("$") ? stream.lastId() : StreamArguments.parse(call.arg(4), 0);
        if (id == null) {
            throw StreamArguments.invalidId();
        }
        group.setLastId(id);
        group.setEntriesRead(options.entriesRead());
        edit.doneWithin(Event.XGROUP_SETID);
        call.reply().ok();
    }

    private static void destroy(Call call) {
        Edit<StreamValue> edit = call.edit(call.arg(2), StreamValue.class);
        StreamValue stream = stream(edit);
        if (stream.group(call.arg(3)) == null) {
            call.reply().integer(0);
            return;
        }
        stream.destroyGroup(call.arg(3));
        edit.doneWithin(Event.XGROUP_DESTROY);
        edit.wake();
        call.reply().integer(1);
    }

    private static void createConsumer(Call call) {
        Edit<StreamValue> edit = call.edit(call.arg(2), StreamValue.class);
        ConsumerGroup group = group(call, stream(edit));
        boolean isNew = group.consumer(call.arg(4)) == null;
        if (isNew) {
            createConsumer(call, edit, group, call.arg(4));
        }
        call.reply().integer(isNew);
    }

    private static void deleteConsumer(Call call) {
        Edit<StreamValue> edit = call.edit(call.arg(2), StreamValue.class);
        ConsumerGroup group = group(call, stream(edit));
        StreamConsumer consumer = group.consumer(call.arg(4));
        long pending = 0;
        if (consumer != null) {
            pending = consumer.pending().size();
            group.removeConsumer(consumer);
            edit.doneWithin(Event.XGROUP_DELCONSUMER);
        }
        call.reply().integer(pending);
    }

    /** Makes a consumer that is not there, and tells of it. */
    static StreamConsumer createConsumer(Call call, Edit<StreamValue> edit, ConsumerGroup group, Slice name) {
        StreamConsumer consumer = group.addConsumer(name, call.now());
        edit.doneWithin(Event.XGROUP_CREATECONSUMER);
        return consumer;
    }

    /** What puts a group where it stands now. */
    static void propagateGroupId(Call call, Slice key, ConsumerGroup group, Slice groupName) {
        if (!call.isLogged()) {
            return;
        }
        call.propagateAs(
                "XGROUP", "SETID", key, groupName, group.lastId().toBytes(), "ENTRIESREAD", group.entriesRead());
    }

    private static StreamValue stream(Edit<StreamValue> edit) {
        StreamValue stream = edit.value();
        if (stream == null) {
            throw noKey();
        }
        return stream;
    }

    private static CommandException noKey() {
        return new CommandException("ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may"
                + " want to use the MKSTREAM option to create an empty stream automatically.");
    }

    private static ConsumerGroup group(Call call, StreamValue stream) {
        return existing(stream.group(call.arg(3)), call.arg(3), call.arg(2));
    }

    /** The group, or the error that there is none. */
    static ConsumerGroup existing(@Nullable ConsumerGroup group, Slice name, Slice key) {
        if (group == null) {
            throw new CommandException(
                    "NOGROUP No such consumer group '" + name.shown() + "' for key name '" + key.shown() + "'");
        }
        return group;
    }

    /** What follows the id in CREATE and SETID. */
    private record Options(boolean makesStream, long entriesRead) {
        static Options parse(Call call, boolean creating) {
            boolean makesStream = false;
            long entriesRead = ConsumerGroup.UNKNOWN;
            for (int i = 5; i < call.argCount(); i++) {
                if (creating && call.arg(i).isWord("MKSTREAM")) {
                    makesStream = true;
                } else if (i + 1 < call.argCount() && call.arg(i).isWord("ENTRIESREAD")) {
                    entriesRead = call.longArg(++i);
                    if (entriesRead < 0 && entriesRead != ConsumerGroup.UNKNOWN) {
                        throw new CommandException("ERR value for ENTRIESREAD must be positive or -1");
                    }
                } else {
                    throw Help.wrongWords(call);
                }
            }
            return new Options(makesStream, entriesRead);
        }
    }
}
