package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ADMIN;
import static dev.holdfast.engine.catalog.CommandFlag.ALL_SHARDS;
import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.PROTECTED;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.Glob;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.config.NumberParameter;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.DebugSettings;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.LargeString;
import dev.holdfast.engine.persistence.FilePersistence;
import dev.holdfast.engine.replication.ReplicationNode;
import dev.holdfast.engine.structures.Quicklist;
import dev.holdfast.engine.types.ListValue;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * DEBUG: what tests need to see and do inside the store. Refused unless {@code enable-debug-command} allows it. Its subcommands are
 * not commands of their own in Valkey either, hence a list beside the declaration. All shards are locked while it runs, so
 * SLEEP stops everybody.
 */
public final class DebugCommands {
    private static final Logger LOG = LoggerFactory.getLogger(DebugCommands.class);
    private static final int STRINGMATCH_ROUNDS = 20_000;

    private DebugCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(command("DEBUG", "", DebugCommands::debug)
            .in(SERVER)
            .since("1.0.0")
            .arity(-2)
            .flags(ADMIN, NOSCRIPT, LOADING, STALE, PROTECTED, ALL_SHARDS)
            .complexity("That of the subcommand")
            .summary("Looks and reaches inside the store, for tests"));

    /**
     * A subcommand.
     *
     * @param syntax the words after its name
     * @param least the least number of words of the whole command
     * @param most the greatest number
     */
    private record Action(String name, String syntax, int least, int most, String summary, Handler handler) {}

    private static final List<Action> ACTIONS = List.of(
            new Action(
                    "AOF-FLUSH-SLEEP",
                    "<microseconds>",
                    3,
                    3,
                    "Waits so long before each write to the append-only file",
                    DebugCommands::sleepBeforeWrites),
            new Action("CHANGE-REPL-ID", "", 2, 2, "Begins a new replication id", DebugCommands::changeReplicationId),
            new Action("CLIENT-ENFORCE-REPLY-LIST", "<0|1>", 3, 3, "Accepted; has no effect here", DebugCommands::ok),
            new Action(
                    "DELAY-RDB-CLIENT-FREE-SECONDS",
                    "<seconds>",
                    3,
                    3,
                    "How long the place of a replica's snapshot is held for its main connection",
                    DebugCommands::setSnapshotGrace),
            new Action("DICT-RESIZING", "<0|1>", 3, 3, "Accepted; tables always grow and shrink", DebugCommands::ok),
            new Action("DIGEST", "", 2, 2, "A signature of all data", DebugCommands::digest),
            new Action(
                    "DIGEST-VALUE",
                    "[<key> ...]",
                    2,
                    Integer.MAX_VALUE,
                    "A signature of each of these values",
                    DebugCommands::digestValue),
            new Action("ERROR", "<string>", 3, 3, "Answers with this error", DebugCommands::error),
            new Action("HASHTABLE-CAN-ABORT-SHRINK", "<0|1>", 3, 3, "Accepted; has no effect here", DebugCommands::ok),
            new Action("HTSTATS", "<dbid> [full]", 3, 4, "About the tables of a database", DebugCommands::tables),
            new Action("HTSTATS-KEY", "<key> [full]", 3, 4, "About the table inside a value", DebugCommands::table),
            new Action("LISTPACK", "<key>", 3, 3, "Writes about a packed value to the log", DebugCommands::listpack),
            new Action("LOADAOF", "", 2, 2, "Loads the append-only file again", DebugCommands::loadAof),
            new Action("LOG", "<message>", 3, 3, "Writes a line to the log", DebugCommands::log),
            new Action("OBJECT", "<key> [fast]", 3, 4, "How a value is kept", DebugCommands::object),
            new Action(
                    "PAUSE-AFTER-FORK",
                    "<0|1>",
                    3,
                    3,
                    "Stops the process once it has sent a snapshot, and before it asks for the stream beside one",
                    DebugCommands::stopForSnapshots),
            new Action("PAUSE-CRON", "<0|1>", 3, 3, "Stops or resumes the timer's work", DebugCommands::pauseTimer),
            new Action(
                    "POPULATE",
                    "<count> [<prefix>] [<size>]",
                    3,
                    5,
                    "Makes string keys prefix:0, prefix:1 and so on",
                    DebugCommands::populate),
            new Action("PROTOCOL", "<type>", 3, 3, "An example of a type of reply", DebugCommands::protocol),
            new Action("QUICKLIST", "<key> [<0|1>]", 3, 4, "Writes a list's blocks to the log", DebugCommands::blocks),
            new Action(
                    "QUICKLIST-PACKED-THRESHOLD",
                    "<size>",
                    3,
                    3,
                    "The size from which an element of a list has a block of its own",
                    DebugCommands::packedThreshold),
            new Action(
                    "RELOAD",
                    "[NOSAVE] [NOFLUSH] [MERGE]",
                    2,
                    Integer.MAX_VALUE,
                    "Saves all data and loads it again",
                    DebugCommands::reload),
            new Action(
                    "REPLYBUFFER",
                    "<PEAK-RESET-TIME|RESIZING> <value>",
                    4,
                    4,
                    "Accepted; has no effect here",
                    DebugCommands::replyBuffer),
            new Action("SDSLEN", "<key>", 3, 3, "The lengths of a key and its string", DebugCommands::lengths),
            new Action(
                    "SET-ACTIVE-EXPIRE",
                    "<0|1>",
                    3,
                    3,
                    "Stops or resumes active expiry",
                    call -> setActiveExpiry(call)),
            new Action(
                    "SET-SKIP-CHECKSUM-VALIDATION",
                    "<0|1>",
                    3,
                    3,
                    "Lets RESTORE take payloads whose checksum is wrong",
                    DebugCommands::trustChecksums),
            new Action(
                    "SET-DISABLE-DENY-SCRIPTS",
                    "<0|1>",
                    3,
                    3,
                    "Lets scripts run commands that are not for them",
                    DebugCommands::allowAllInScripts),
            new Action("SLEEP", "<seconds>", 3, 3, "Stops the store for a while", DebugCommands::sleep),
            new Action("STRINGMATCH-TEST", "", 2, 2, "Tries patterns at random", DebugCommands::matchStrings),
            new Action("STRUCTSIZE", "", 2, 2, "The sizes of headers in memory", DebugCommands::sizes));

    private static void debug(Call call) {
        Slice name = call.arg(1);
        if (name.isWord("HELP") && call.argCount() == 2) {
            help(call);
            return;
        }
        for (Action action : ACTIONS) {
            if (name.isWord(action.name) && call.argCount() >= action.least && call.argCount() <= action.most) {
                action.handler.run(call);
                return;
            }
        }
        throw Help.wrongWords(call);
    }

    private static void help(Call call) {
        List<String> lines = new ArrayList<>();
        for (Action action : ACTIONS) {
            lines.add(action.syntax.isEmpty() ? action.name : action.name + " " + action.syntax);
            lines.add("    " + action.summary + ".");
        }
        Help.write(call, lines);
    }

    private static void ok(Call call) {
        call.reply().ok();
    }

    /** A switch as C's {@code atoi} reads it: anything that is no number is off. */
    private static boolean isOn(Slice word) {
        return word.length() > 0 && !word.isWord("0") && Character.isDigit(word.at(0));
    }

    // ---- time ----

    private static void sleep(Call call) {
        Slice seconds = call.arg(2);
        double time = Doubles.parse(seconds.array(), seconds.offset(), seconds.length());
        long end = System.nanoTime() + (Double.isNaN(time) ? 0 : (long) (time * 1e9));
        long left = end - System.nanoTime();
        while (left > 0) {
            LockSupport.parkNanos(left);
            left = end - System.nanoTime();
        }
        call.reply().ok();
    }

    private static void setActiveExpiry(Call call) {
        call.engine().expiry().setActive(isOn(call.arg(2)));
        call.reply().ok();
    }

    private static void trustChecksums(Call call) {
        call.engine().debugSettings().setTrustingChecksums(isOn(call.arg(2)));
        call.reply().ok();
    }

    private static void allowAllInScripts(Call call) {
        call.engine().debugSettings().setAllowingAllInScripts(isOn(call.arg(2)));
        call.reply().ok();
    }

    private static void setSnapshotGrace(Call call) {
        call.engine().debugSettings().setSnapshotGraceSeconds(call.longArg(2));
        call.reply().ok();
    }

    private static void stopForSnapshots(Call call) {
        call.engine().debugSettings().setStoppingForSnapshots(isOn(call.arg(2)));
        call.reply().ok();
    }

    private static void pauseTimer(Call call) {
        call.engine().debugSettings().setTimerPaused(isOn(call.arg(2)));
        call.reply().ok();
    }

    // ---- data ----

    private static void digest(Call call) {
        call.reply().simple(DatasetDigest.of(call.engine().keyspace()));
    }

    private static void digestValue(Call call) {
        call.reply().array(call.argCount() - 2);
        for (int i = 2; i < call.argCount(); i++) {
            Slice key = call.arg(i);
            call.reply().simple(DatasetDigest.ofValue(call.table(key).find(key)));
        }
    }

    private static void reload(Call call) {
        boolean save = true;
        boolean flush = true;
        boolean merge = false;
        for (int i = 2; i < call.argCount(); i++) {
            Slice option = call.arg(i);
            if (option.isWord("NOSAVE")) {
                save = false;
            } else if (option.isWord("NOFLUSH")) {
                flush = false;
            } else if (option.isWord("MERGE")) {
                merge = true;
            } else {
                throw new CommandException("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
            }
        }
        FilePersistence persistence = FilePersistence.of(call.engine());
        if (save) {
            persistence.checkOwnership();
        }
        try {
            persistence.reload(save, flush, merge);
        } catch (IOException e) {
            LOG.warn("DEBUG RELOAD failed", e);
            throw new CommandException("ERR Error trying to load the RDB dump, check server logs.");
        }
        call.reply().ok();
    }

    private static void sleepBeforeWrites(Call call) {
        FilePersistence.of(call.engine()).aof().sleepBeforeWrites(call.longArg(2));
        call.reply().ok();
    }

    private static void loadAof(Call call) {
        try {
            FilePersistence.of(call.engine()).reloadAppendOnly();
        } catch (IOException e) {
            LOG.warn("DEBUG LOADAOF failed", e);
            throw new CommandException("ERR Error trying to load the AOF files, check server logs.");
        }
        call.reply().ok();
    }

    private static void populate(Call call) {
        long keys = call.positiveArg(2);
        String prefix = call.argCount() > 3 ? call.arg(3).toString() : "key";
        int size = call.argCount() > 4 ? (int) Math.min(call.positiveArg(4), Integer.MAX_VALUE - 64) : 0;
        for (long i = 0; i < keys; i++) {
            Slice key = Slice.of(prefix + ":" + i);
            Edit<Entry> edit = call.edit(key);
            if (edit.exists()) {
                continue;
            }
            byte[] value = Slice.of("value:" + i).array();
            Slice padded = new Slice(size == 0 ? value : Arrays.copyOf(value, size));
            edit.setString(padded);
            edit.doneSilently(0);
        }
        call.reply().ok();
    }

    /** The item of the key at index 2. */
    private static Object item(Call call) {
        Object item = call.table(call.arg(2)).find(call.arg(2));
        if (item == null) {
            throw CommandException.noSuchKey();
        }
        return item;
    }

    /** Valkey's line about a value. The serialized length is that in memory, as there is no other yet. */
    private static void object(Call call) {
        Object item = item(call);
        byte[] record = KeyTable.record(item);
        boolean fast = call.argCount() == 4 && call.arg(3).isWord("FAST");
        int clock = KeyRecord.accessClock(record);
        StringBuilder line = new StringBuilder("Value at:0x")
                .append(Integer.toHexString(System.identityHashCode(record)))
                .append(" refcount:1 encoding:")
                .append(KeyCommands.encodingOf(item));
        if (!fast) {
            line.append(" serializedlength:").append(KeyTable.sizeBytes(item));
        }
        line.append(" lru:").append(clock).append(" lru_seconds_idle:");
        line.append(call.engine().keyspace().clock().idleSeconds(clock));
        Quicklist blocks = blocks(item);
        if (blocks != null) {
            line.append(" ql_nodes:").append(blocks.blockCount());
            line.append(String.format(Locale.ROOT, " ql_avg_node:%.2f", (double) blocks.size() / blocks.blockCount()));
            line.append(" ql_listpack_max:")
                    .append(call.config().listMaxListpackSize.get());
            line.append(" ql_compressed:0");
            if (!fast) {
                line.append(" ql_uncompressed_size:").append(blocks.valkeyBytes());
            }
        }
        call.reply().simple(line.toString());
    }

    /** The blocks of a list that is large enough to be called a quicklist, or null. */
    private static @Nullable Quicklist blocks(Object item) {
        return item instanceof ListValue list && list.encoding().equals("quicklist") ? list.blocks() : null;
    }

    private static void blocks(Call call) {
        Quicklist blocks = blocks(item(call));
        if (blocks == null) {
            throw new CommandException("ERR Not a quicklist encoded object.");
        }
        LOG.info("Quicklist of {} elements in {} blocks", blocks.size(), blocks.blockCount());
        for (int i = 0; i < blocks.blockCount(); i++) {
            LOG.info("Block {}: {}", i, blocks.describeBlock(i));
        }
        call.reply().simple("Quicklist structure printed on stdout");
    }

    private static void listpack(Call call) {
        Object item = item(call);
        if (!(item instanceof Entry entry) || !entry.encoding().equals("listpack")) {
            throw new CommandException("ERR Not a listpack encoded object.");
        }
        LOG.info("Listpack of {} bytes", KeyRecord.bodyLength(entry.record()));
        call.reply().simple("Listpack structure printed on stdout");
    }

    private static void lengths(Call call) {
        Object item = item(call);
        byte[] record = KeyTable.record(item);
        Slice value = KeyRecord.isString(record) && KeyRecord.encoding(record) != KeyRecord.INT
                ? Call.stringOf(item, new Slice())
                : null;
        if (value == null) {
            throw new CommandException("ERR Not an sds encoded string.");
        }
        boolean large = item instanceof LargeString;
        int spare = record.length - KeyRecord.bodyEnd(record);
        call.reply()
                .simple("key_sds_len:" + KeyRecord.keyLength(record) + " key_sds_avail:0 obj_alloc:"
                        + KeyRecord.sizeBytes(record) + " val_sds_len:" + value.length() + " val_sds_avail:"
                        + (large ? 0 : spare) + " val_alloc:"
                        + (large ? KeyTable.sizeBytes(item) - KeyRecord.sizeBytes(record) : 0));
    }

    // ---- tables ----

    private static void tables(Call call) {
        long database = call.longArg(2);
        if (database < 0 || database >= call.engine().keyspace().databases()) {
            throw new CommandException("ERR Out of range database");
        }
        StringBuilder text = new StringBuilder("[Dictionary HT]\n");
        long expires = call.engine().keyspace().expires((int) database);
        for (int i = 0; i < call.engine().keyspace().shardCount(); i++) {
            KeyTable table = call.engine().keyspace().shard(i).existingTable((int) database);
            if (table != null && table.size() > 0) {
                text.append("Shard ")
                        .append(i)
                        .append(":\n number of entries: ")
                        .append(table.size());
                text.append("\n table bytes: ").append(table.heapBytes()).append("\n rehashing index: -1\n");
            }
        }
        text.append("[Expires HT]\n");
        if (expires > 0) {
            text.append(" number of entries: ").append(expires).append('\n');
        }
        call.reply().verbatim("txt", Slice.of(text.toString()).array());
    }

    private static void table(Call call) {
        Object item = item(call);
        String encoding = KeyCommands.encodingOf(item);
        if (!encoding.equals("hashtable") && !encoding.equals("skiplist")) {
            throw new CommandException(
                    "ERR The value stored at the specified key is not represented using an hash table");
        }
        String text = "Hash table 0 stats (main hash table):\n bytes: " + KeyTable.sizeBytes(item)
                + "\n rehashing index: -1\n";
        call.reply().verbatim("txt", Slice.of(text).array());
    }

    // ---- switches ----

    private static void packedThreshold(Call call) {
        long bytes = -1;
        try {
            bytes = NumberParameter.bytes(call.arg(2).toString(), "");
        } catch (ConfigException e) {
            // Refused below, with the values that are out of bounds.
        }
        if (bytes < 0 || bytes > (1L << 32) - (1 << 20)) {
            throw new CommandException("ERR argument must be a memory value bigger than 1 and smaller than 4gb");
        }
        DebugSettings settings = call.engine().debugSettings();
        settings.setPackedThresholdBytes((int) Math.min(bytes, Integer.MAX_VALUE));
        call.reply().ok();
    }

    private static void replyBuffer(Call call) {
        if (call.arg(2).isWord("PEAK-RESET-TIME")) {
            if (!call.arg(3).isWord("NEVER") && !call.arg(3).isWord("RESET")) {
                call.longArg(3);
            }
        } else if (!call.arg(2).isWord("RESIZING")) {
            throw Help.wrongWords(call);
        }
        call.reply().ok();
    }

    private static void changeReplicationId(Call call) {
        LOG.info("Changing replication IDs after receiving DEBUG change-repl-id");
        ReplicationNode.of(call.engine()).changeId();
        call.reply().ok();
    }

    // ---- replies ----

    private static void error(Call call) {
        call.reply().error(call.arg(2).toString());
    }

    private static void log(Call call) {
        LOG.warn("DEBUG LOG: {}", call.arg(2));
        call.reply().ok();
    }

    private static void sizes(Call call) {
        call.reply().bulk("bits:64 object:8 array:" + KeyRecord.ARRAY_HEADER_BYTES + " record:5 ");
    }

    private static void matchStrings(Call call) {
        byte[] pattern = new byte[32];
        byte[] text = new byte[32];
        for (int i = 0; i < STRINGMATCH_ROUNDS; i++) {
            int patternLength = ThreadLocalRandom.current().nextInt(pattern.length);
            int textLength = ThreadLocalRandom.current().nextInt(text.length);
            for (int j = 0; j < pattern.length; j++) {
                pattern[j] =
                        (byte) "*?[]^-\\abc".charAt(ThreadLocalRandom.current().nextInt(10));
                text[j] = (byte) "abc[]\\".charAt(ThreadLocalRandom.current().nextInt(6));
            }
            Glob.matches(pattern, 0, patternLength, text, 0, textLength, false);
        }
        call.reply().simple("Apparently the server did not crash: test passed");
    }

    private static void protocol(Call call) {
        var reply = call.reply();
        switch (call.arg(2).toString().toLowerCase(Locale.ROOT)) {
            case "string" -> reply.bulk("Hello World");
            case "integer" -> reply.integer(12345);
            case "double" -> reply.real(3.141);
            case "bignum" -> reply.bigNumber("1234567999999999999999999999999999999");
            case "null" -> reply.nil();
            case "array" -> {
                reply.array(3);
                threeNumbers(call);
            }
            case "set" -> {
                reply.set(3);
                threeNumbers(call);
            }
            case "map" -> {
                reply.map(3);
                for (int i = 0; i < 3; i++) {
                    reply.integer(i);
                    reply.bool(i == 1);
                }
            }
            case "attrib" -> {
                if (reply.resp3()) {
                    reply.attribute(1);
                    reply.bulk("key-popularity");
                    reply.array(2);
                    reply.bulk("key:123");
                    reply.integer(90);
                }
                reply.bulk("Some real reply following the attribute");
            }
            case "push" -> {
                if (!reply.resp3()) {
                    throw new CommandException("ERR RESP2 is not supported by this command");
                }
                reply.bulk("Some real reply following the push reply");
                reply.push(2);
                reply.bulk("server-cpu-usage");
                reply.integer(42);
            }
            case "true" -> reply.bool(true);
            case "false" -> reply.bool(false);
            case "verbatim" ->
                reply.verbatim("txt", Slice.of("This is a verbatim\nstring").array());
            default ->
                throw new CommandException("ERR Wrong protocol type name. Please use one of the following: "
                        + "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false");
        }
    }

    private static void threeNumbers(Call call) {
        for (int i = 0; i < 3; i++) {
            call.reply().integer(i);
        }
    }
}
