package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.BLOCKING;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.STREAM;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.structures.StreamLog;
import dev.holdfast.engine.types.ConsumerGroup;
import dev.holdfast.engine.types.PendingEntry;
import dev.holdfast.engine.types.StreamConsumer;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * XREAD and XREADGROUP: reading several streams on from where the reader, or its group, stands, and waiting for more.
 *
 * <p>Both read their words alike, and find for every stream the id after which to read. A command that waits is run again
 * from the start, so that the id {@code $} must not mean then what it meant first: the words that wait have the id of that
 * moment instead.
 */
public final class StreamReadCommands {
    private static final String READ_HINT =
            ": you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new"
                    + " messages. ";

    private StreamReadCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command(
                            "XREAD",
                            "[COUNT count] [BLOCK milliseconds] <STREAMS key [key ...] id [id ...]>",
                            call -> new Reading(call, false).run())
                    .in(STREAM)
                    .since("5.0.0")
                    .arity(-4)
                    .flags(READONLY, BLOCKING)
                    .keys(KeySpec.streams(1, RO, ACCESS))
                    .complexity("O(N+M) with N streams and M entries returned")
                    .summary("The entries of streams beyond given ids, waiting for some if need be"),
            command(
                            "XREADGROUP",
                            "<GROUP group consumer> [COUNT count] [BLOCK milliseconds] [NOACK]"
                                    + " <STREAMS key [key ...] id [id ...]>",
                            call -> new Reading(call, true).run())
                    .in(STREAM)
                    .since("5.0.0")
                    .arity(-7)
                    .flags(WRITE, BLOCKING)
                    .keys(KeySpec.streams(4, RO, ACCESS))
                    .complexity("O(N+M) with N streams and M entries returned")
                    .summary(
                            "Gives a consumer entries of streams that no one in its group has been given, or those that"
                                    + " it has not acknowledged; waits for some if need be"));

    /** One run of one of the commands. */
    private static final class Reading {
        private final Call call;
        private final boolean ofGroup;
        private long timeout = -1;
        private long count;
        private boolean noAck;
        private int groupAt;
        private int streamsAt;
        private int streams;
        private StreamId[] after = new StreamId[0];
        /** Whether a group is to be given what is new to it; what {@code after} says does not count then. */
        private boolean[] fresh = new boolean[0];

        Reading(Call call, boolean ofGroup) {
            this.call = call;
            this.ofGroup = ofGroup;
        }

        void run() {
            readOptions();
            after = new StreamId[streams];
            fresh = new boolean[streams];
            boolean sinceNow = false;
            for (int i = 0; i < streams; i++) {
                readId(i);
                sinceNow |= call.arg(idAt(i)).isWord("$");
            }
            if (answer()) {
                return;
            }
            if (timeout < 0) {
                call.reply().nilArray();
            } else {
                Args words = call.args().copy();
                for (int i = 0; sinceNow && i < streams; i++) {
                    if (words.get(idAt(i)).isWord("$")) {
                        byte[] id = after[i].toBytes();
                        words.get(idAt(i)).set(id, 0, id.length);
                    }
                }
                call.block(
                        words, timeout, ValueType.STREAM, ofGroup, streamsAt, streamsAt + streams - 1, Reply::nilArray);
            }
        }

        private int idAt(int stream) {
            return streamsAt + streams + stream;
        }

        private void readOptions() {
            int words = call.argCount();
            for (int i = 1; i < words && streamsAt == 0; i++) {
                Slice word = call.arg(i);
                int more = words - i - 1;
                if (more > 0 && word.isWord("BLOCK")) {
                    timeout = timeout(++i);
                } else if (more > 0 && word.isWord("COUNT")) {
                    count = Math.max(0, call.longArg(++i));
                } else if (more > 0 && word.isWord("STREAMS")) {
                    streamsAt = i + 1;
                    if (more % 2 != 0) {
                        throw new CommandException(
                                "ERR Unbalanced '" + call.spec().fullName()
                                        + "' list of streams: for each stream key an ID or '" + (ofGroup ? '>' : '$')
                                        + "' must be specified.");
                    }
                    streams = more / 2;
                } else if (more > 1 && word.isWord("GROUP")) {
                    onlyForGroups("GROUP");
                    groupAt = i + 1;
                    i += 2;
                } else if (word.isWord("NOACK")) {
                    onlyForGroups("NOACK");
                    noAck = true;
                } else {
                    throw CommandException.syntax();
                }
            }
            if (streamsAt == 0) {
                throw CommandException.syntax();
            }
            if (ofGroup && groupAt == 0) {
                throw new CommandException("ERR Missing GROUP option for XREADGROUP");
            }
        }

        private void onlyForGroups(String option) {
            if (!ofGroup) {
                throw new CommandException(
                        "ERR The " + option + " option is only supported by XREADGROUP. You called XREAD instead.");
            }
        }

        private long timeout(int at) {
            long millis =
                    call.longArg(at, Long.MIN_VALUE, Long.MAX_VALUE, "ERR timeout is not an integer or out of range");
            if (millis < 0) {
                throw new CommandException("ERR timeout is negative");
            }
            if (millis > Long.MAX_VALUE - call.now()) {
                throw new CommandException("ERR timeout is out of range");
            }
            return millis;
        }

        /** Finds the id after which to read the i-th stream. */
        private void readId(int i) {
            Slice key = call.arg(streamsAt + i);
            Slice word = call.arg(idAt(i));
            StreamValue stream = call.read(key, StreamValue.class);
            if (ofGroup && (stream == null || stream.group(call.arg(groupAt)) == null)) {
                throw new CommandException("NOGROUP No such key '" + key.shown() + "' or consumer group '"
                        + call.arg(groupAt).shown() + "' in XREADGROUP with GROUP option");
            }
            if (word.isWord("$")) {
                meaninglessForGroups("$");
                after[i] = stream == null ? StreamId.MIN : stream.lastId();
            } else if (word.isWord("+")) {
                meaninglessForGroups("+");
                StreamId before = stream == null || stream.length() == 0
                        ? StreamId.MIN
                        : stream.lastId().previous();
                if (before == null) {
                    throw new CommandException("ERR the stream last element ID is 0-0");
                }
                after[i] = before;
            } else if (word.isWord(">")) {
                if (!ofGroup) {
                    throw new CommandException("ERR The > ID can be specified only when calling XREADGROUP using the"
                            + " GROUP <group> <consumer> option.");
                }
                after[i] = StreamId.MAX;
                fresh[i] = true;
            } else {
                after[i] = StreamArguments.strictId(call, idAt(i));
                fresh[i] = ofGroup && after[i].equals(StreamId.MAX);
            }
        }

        private void meaninglessForGroups(String id) {
            if (ofGroup) {
                throw new CommandException("ERR The " + id + " ID is meaningless in the context of XREADGROUP"
                        + READ_HINT + "The " + id + " ID would just return an empty result set.");
            }
        }

        /** Answers with what there is. Returns whether there was anything. */
        private boolean answer() {
            Reply reply = call.reply();
            int mark = -1;
            int served = 0;
            for (int i = 0; i < streams; i++) {
                Slice key = call.arg(streamsAt + i);
                StreamValue stream = call.read(key, StreamValue.class);
                if (stream == null) {
                    continue;
                }
                ConsumerGroup group = null;
                StreamConsumer consumer = null;
                Edit<StreamValue> edit = null;
                if (ofGroup) {
                    // What is delivered is appended to the log entry by entry.
                    call.propagateNothing();
                    edit = call.edit(key, StreamValue.class);
                    stream = edit.value();
                    group = stream == null ? null : stream.group(call.arg(groupAt));
                    if (stream == null || group == null) {
                        continue;
                    }
                    consumer = consumer(edit, group);
                }
                boolean history = group != null && !fresh[i];
                StreamId from = group != null && fresh[i] ? group.lastId() : after[i];
                StreamLog.Walk walk = history ? null : walkBehind(stream, from);
                if (!history && walk == null) {
                    continue;
                }
                if (served++ == 0) {
                    mark = reply.beginArray();
                }
                if (!reply.resp3()) {
                    reply.array(2);
                }
                reply.bulk(key);
                if (group == null || consumer == null || edit == null) {
                    StreamReplies.entriesFrom(reply, Objects.requireNonNull(walk), count);
                    continue;
                }
                if (walk != null) {
                    deliver(key, stream, group, consumer, walk);
                } else {
                    StreamId start = from.next();
                    history(stream, group, consumer, start == null ? StreamId.MIN : start);
                }
                edit.doneWithin(1);
            }
            if (served > 0 && reply.resp3()) {
                reply.endMap(mark, served);
            } else if (served > 0) {
                reply.endArray(mark, served);
            }
            return served > 0;
        }

        /** A walk that stands at the first entry behind an id, or null where there is none. */
        private static StreamLog.@Nullable Walk walkBehind(StreamValue stream, StreamId id) {
            StreamId start = stream.lastId().compareTo(id) <= 0 ? null : id.next();
            StreamLog.Walk walk = start == null ? null : stream.walk(start, StreamId.MAX, false);
            return walk != null && walk.next() ? walk : null;
        }

        private StreamConsumer consumer(Edit<StreamValue> edit, ConsumerGroup group) {
            Slice name = call.arg(groupAt + 1);
            StreamConsumer consumer = group.consumer(name);
            if (consumer == null) {
                consumer = StreamGroupCommands.createConsumer(call, edit, group, name);
                call.propagateAs("XGROUP", "CREATECONSUMER", edit.key(), call.arg(groupAt), name);
            }
            consumer.seen(call.now());
            return consumer;
        }

        /** Gives a consumer entries that are new to its group, from the one on at which a walk stands. */
        private void deliver(
                Slice key, StreamValue stream, ConsumerGroup group, StreamConsumer consumer, StreamLog.Walk walk) {
            Reply reply = call.reply();
            Slice field = new Slice();
            Slice value = new Slice();
            int mark = reply.beginArray();
            long given = 0;
            do {
                StreamId id = new StreamId(walk.ms(), walk.seq());
                if (id.compareTo(group.lastId()) > 0) {
                    stream.advance(group, id);
                }
                StreamReplies.entry(reply, walk, field, value);
                if (!noAck) {
                    PendingEntry entry = pend(group, consumer, id);
                    StreamPendingCommands.propagateClaim(call, key, group, call.arg(groupAt), entry);
                }
                given++;
            } while ((count == 0 || given < count) && walk.next());
            reply.endArray(mark, given);
            StreamGroupCommands.propagateGroupId(call, key, group, call.arg(groupAt));
        }

        /** An entry may wait already, where the group has been set back. It is the consumer's from now on. */
        private PendingEntry pend(ConsumerGroup group, StreamConsumer consumer, StreamId id) {
            consumer.active(call.now());
            PendingEntry entry = group.pending(id);
            if (entry == null) {
                return group.add(id, consumer, call.now(), 1);
            }
            return group.deliver(entry, consumer, call.now(), 1);
        }

        /** What the consumer has been given and has not acknowledged; an entry that is gone has null for its fields. */
        private void history(StreamValue stream, ConsumerGroup group, StreamConsumer consumer, StreamId start) {
            Reply reply = call.reply();
            int mark = reply.beginArray();
            long shown = 0;
            PendingEntry entry = consumer.pending().ceiling(start.ms(), start.seq());
            while (entry != null && (count == 0 || shown < count)) {
                if (StreamReplies.entry(reply, stream, entry.id())) {
                    entry = group.deliver(entry, consumer, call.now(), entry.deliveries() + 1);
                } else {
                    reply.array(2);
                    StreamReplies.id(reply, entry.id());
                    reply.nilArray();
                }
                shown++;
                entry = consumer.pending().higher(entry.ms(), entry.seq());
            }
            reply.endArray(mark, shown);
        }
    }
}
