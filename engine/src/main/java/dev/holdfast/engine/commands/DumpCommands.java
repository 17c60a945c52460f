package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ASKING;
import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.GENERIC;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.DELETE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.INCOMPLETE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.OW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.persistence.DumpPayload;
import dev.holdfast.engine.persistence.RdbWriter;
import dev.holdfast.engine.persistence.Usage;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.topology.Peer;
import dev.holdfast.engine.topology.PeerCache;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The commands that take single values out of a store and put them into one. */
public final class DumpCommands {
    private static final Logger LOG = LoggerFactory.getLogger(DumpCommands.class);
    private static final int DEFAULT_TIMEOUT_MILLIS = 1000;
    private static final String RESTORE_SYNTAX =
            "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]";

    private DumpCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("DUMP", "key", DumpCommands::dump)
                    .in(GENERIC)
                    .since("2.6.0")
                    .arity(2)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .tips("nondeterministic_output")
                    .complexity("O(N) with the size of the value")
                    .summary("A value in the form that RESTORE takes"),
            restore("RESTORE").in(GENERIC).since("2.6.0").flags(WRITE, DENYOOM),
            restore("RESTORE-ASKING")
                    .in(SERVER)
                    .since("3.0.0")
                    .flags(WRITE, DENYOOM, ASKING)
                    .acl("keyspace"),
            command(
                            "MIGRATE",
                            "host port <key | \"\"> destination-db timeout [COPY] [REPLACE]"
                                    + " [AUTH password | AUTH2 username password] [KEYS key [key ...]]",
                            DumpCommands::migrate)
                    .in(GENERIC)
                    .since("2.6.0")
                    .arity(-6)
                    .flags(WRITE)
                    .acl("dangerous")
                    .keys(
                            KeySpec.at(3, RW, ACCESS, DELETE).foundBy(args -> findKeys(args) < 0 ? 3 : -1),
                            KeySpec.after("KEYS", -2, -1, 1, 0, RW, ACCESS, DELETE, INCOMPLETE)
                                    .startedBy(args -> args.get(3).isEmpty() ? findKeys(args) : -1)
                                    .flagsBy(args -> List.of(RW, ACCESS, DELETE)))
                    .tips("nondeterministic_output")
                    .complexity("That of DUMP and DEL here and of RESTORE there")
                    .summary("Moves keys to another server"));

    private static CommandSpec restore(String name) {
        return command(name, RESTORE_SYNTAX, DumpCommands::restore)
                .arity(-4)
                .acl("dangerous")
                .keys(KeySpec.at(1, OW, UPDATE))
                .complexity("O(N) with the size of the value")
                .summary("Creates a key from what DUMP answered");
    }

    private static void dump(Call call) {
        Object item = call.lookup(call.arg(1));
        if (item == null) {
            call.reply().nil();
            return;
        }
        call.reply().bulk(new Slice(dump(call, item)));
    }

    private static byte[] dump(Call call, Object item) {
        try {
            return RdbWriter.dump(item, call.config().persistence.rdbcompression.get());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- RESTORE ----

    private static void restore(Call call) {
        boolean replace = false;
        boolean absolute = false;
        long idleSeconds = -1;
        long frequency = -1;
        for (int i = 4; i < call.argCount(); i++) {
            Slice word = call.arg(i);
            boolean more = i + 1 < call.argCount();
            if (word.isWord("REPLACE")) {
                replace = true;
            } else if (word.isWord("ABSTTL")) {
                absolute = true;
            } else if (word.isWord("IDLETIME") && more && frequency == -1) {
                idleSeconds = call.longArg(++i);
                if (idleSeconds < 0) {
                    throw new CommandException("ERR Invalid IDLETIME value, must be >= 0");
                }
            } else if (word.isWord("FREQ") && more && idleSeconds == -1) {
                frequency = call.longArg(++i);
                if (frequency < 0 || frequency > 255) {
                    throw new CommandException("ERR Invalid FREQ value, must be >= 0 and <= 255");
                }
            } else {
                throw CommandException.syntax();
            }
        }
        Slice key = call.arg(1);
        if (!replace && call.exists(key)) {
            throw new CommandException("BUSYKEY Target key name already exists.");
        }
        long ttl = call.longArg(2);
        if (ttl < 0) {
            throw new CommandException("ERR Invalid TTL value, must be >= 0");
        }
        long expireAt = ttl == 0 ? KeyRecord.NEVER : absolute ? ttl : ttl + call.now();
        Object item = read(call, key, expireAt);
        Edit<Entry> edit = call.edit(key);
        if (ttl != 0 && call.isOver(expireAt)) {
            if (edit.remove(Event.DEL)) {
                call.propagateAs("DEL", key);
            }
            call.reply().ok();
            return;
        }
        edit.take();
        edit.insert(item);
        int clock = Usage.clock(call.engine().keyspace().clock(), idleSeconds, (int) frequency);
        KeyRecord.setAccessClock(KeyTable.record(item), clock);
        if (ttl != 0 && !absolute && call.isLogged()) {
            propagateAbsolute(call, expireAt);
        }
        edit.done(Event.RESTORE);
        call.reply().ok();
    }

    private static Object read(Call call, Slice key, long expireAt) {
        Slice payload = call.arg(3);
        if (!DumpPayload.isValid(payload, call.engine().debugSettings().isTrustingChecksums(), call.config())) {
            throw new CommandException("ERR DUMP payload version or checksum are wrong");
        }
        Object item;
        try {
            item = DumpPayload.read(payload, key, expireAt, call.config());
        } catch (IOException e) {
            LOG.debug("Internal error in RDB reading -> {}", e.getMessage());
            item = null;
        }
        if (item == null) {
            throw new CommandException("ERR Bad data format");
        }
        return item;
    }

    private static void propagateAbsolute(Call call, long expireAt) {
        List<Object> words = new ArrayList<>();
        for (int i = 0; i < call.argCount(); i++) {
            words.add(i == 2 ? expireAt : call.arg(i));
        }
        words.add("ABSTTL");
        call.propagateAs(words.toArray());
    }

    // ---- MIGRATE ----

    /** The index behind the word KEYS, where that is no option's value, or -1. */
    private static int findKeys(Args args) {
        for (int i = 6; i < args.count(); i++) {
            Slice word = args.get(i);
            if (word.isWord("KEYS")) {
                return i + 1;
            }
            i += word.isWord("AUTH2") ? 2 : word.isWord("AUTH") ? 1 : 0;
        }
        return -1;
    }

    /** What the options of MIGRATE say. */
    private record Migration(
            boolean copy,
            boolean replace,
            @Nullable Slice user,
            @Nullable Slice password,
            int firstKey,
            int keys) {

        static Migration parse(Call call) {
            boolean copy = false;
            boolean replace = false;
            Slice user = null;
            Slice password = null;
            for (int i = 6; i < call.argCount(); i++) {
                Slice word = call.arg(i);
                int more = call.argCount() - 1 - i;
                if (word.isWord("COPY")) {
                    copy = true;
                } else if (word.isWord("REPLACE")) {
                    replace = true;
                } else if (word.isWord("AUTH") && more >= 1) {
                    password = call.arg(++i);
                } else if (word.isWord("AUTH2") && more >= 2) {
                    user = call.arg(++i);
                    password = call.arg(++i);
                } else if (word.isWord("KEYS")) {
                    if (!call.arg(3).isEmpty()) {
                        throw new CommandException("ERR When using MIGRATE KEYS option, the key argument must be set to"
                                + " the empty string");
                    }
                    return new Migration(copy, replace, user, password, i + 1, more);
                } else {
                    throw CommandException.syntax();
                }
            }
            return new Migration(copy, replace, user, password, 3, 1);
        }
    }

    private static void migrate(Call call) {
        Migration migration = Migration.parse(call);
        long timeout = call.longArg(5);
        long database = call.longArg(4);
        List<Slice> keys = new ArrayList<>();
        for (int i = 0; i < migration.keys; i++) {
            Slice key = call.arg(migration.firstKey + i);
            if (call.lookup(key) != null) {
                keys.add(key);
            }
        }
        if (keys.isEmpty()) {
            call.reply().simple("NOKEY");
            return;
        }
        int timeoutMillis = timeout <= 0 ? DEFAULT_TIMEOUT_MILLIS : (int) Math.min(timeout, Integer.MAX_VALUE);
        Transfer transfer = new Transfer(migration, database);
        keys.forEach(key -> transfer.add(call, key));
        PeerCache peers = call.engine().peers();
        String target = call.arg(1) + ":" + call.arg(2);
        Peer peer = peers.take(target);
        String answer = peer == null ? null : transfer.tryBegin(peer, timeoutMillis);
        if (peer == null || answer == null) {
            peer = connect(call, timeoutMillis);
            answer = transfer.begin(peer);
        }
        if (transfer.finish(call, peer, answer, keys)) {
            peers.giveBack(target, peer);
        }
        transfer.reply(call);
    }

    private static Peer connect(Call call, int timeoutMillis) {
        long port = Numbers.isLong(call.arg(2)) ? Numbers.toLong(call.arg(2)) : -1;
        try {
            if (port < 0 || port > 65535) {
                throw new IOException("no port: " + call.arg(2));
            }
            return call.engine()
                    .host()
                    .connect(
                            call.arg(1).toString(),
                            (int) port,
                            timeoutMillis,
                            call.config().tls.cluster.get());
        } catch (IOException e) {
            LOG.debug("MIGRATE cannot connect", e);
            throw new CommandException("IOERR error or timeout connecting to the client");
        }
    }

    /** The requests of one MIGRATE, and what comes back. */
    private static final class Transfer {
        private final ByteArrayOutputStream requests = new ByteArrayOutputStream();
        private final Migration migration;

        /** How many requests come before the keys. */
        private int before;

        private @Nullable String error;
        private boolean broken;

        Transfer(Migration migration, long database) {
            this.migration = migration;
            Slice password = migration.password;
            if (password != null) {
                before++;
                Slice user = migration.user;
                if (user == null) {
                    request("AUTH", password);
                } else {
                    request("AUTH", user, password);
                }
            }
            before++;
            request("SELECT", new Slice(Numbers.toBytes(database)));
        }

        void add(Call call, Slice key) {
            Object item = call.inspect(key);
            if (item == null) {
                return;
            }
            long expireAt = KeyRecord.expireAt(KeyTable.record(item));
            long ttl = expireAt == KeyRecord.NEVER ? 0 : Math.max(1, expireAt - call.now());
            Slice digits = new Slice(Numbers.toBytes(ttl));
            Slice payload = new Slice(dump(call, item));
            if (migration.replace) {
                request("RESTORE", key, digits, payload, Slice.of("REPLACE"));
            } else {
                request("RESTORE", key, digits, payload);
            }
        }

        private void request(String name, Slice... words) {
            requests.writeBytes(ascii("*" + (words.length + 1) + "\r\n$" + name.length() + "\r\n" + name + "\r\n"));
            for (Slice word : words) {
                requests.writeBytes(ascii("$" + word.length() + "\r\n"));
                requests.write(word.array(), word.offset(), word.length());
                requests.writeBytes(ascii("\r\n"));
            }
        }

        private static byte[] ascii(String text) {
            return text.getBytes(StandardCharsets.US_ASCII);
        }

        /** As {@link #begin}, on a connection that may have ended meanwhile; null if it has. */
        @Nullable
        String tryBegin(Peer peer, int timeoutMillis) {
            try {
                peer.setTimeout(timeoutMillis);
                peer.send(requests.toByteArray());
                return peer.readLine();
            } catch (InterruptedIOException e) {
                PeerCache.close(peer);
                throw failed("reading to", e);
            } catch (IOException e) {
                PeerCache.close(peer);
                return null;
            }
        }

        /** Sends everything and reads the first answer. */
        String begin(Peer peer) {
            try {
                peer.send(requests.toByteArray());
            } catch (IOException e) {
                PeerCache.close(peer);
                throw failed("writing to", e);
            }
            try {
                return peer.readLine();
            } catch (IOException e) {
                PeerCache.close(peer);
                throw failed("reading to", e);
            }
        }

        private static CommandException failed(String what, IOException e) {
            LOG.debug("MIGRATE has failed", e);
            return new CommandException("IOERR error or timeout " + what + " target instance");
        }

        /**
         * Reads an answer for each key. Those that were taken are removed here, whatever happens to the others. Returns whether the
         * connection still works.
         */
        boolean finish(Call call, Peer peer, String first, List<Slice> keys) {
            List<Object> deleted = new ArrayList<>();
            error = firstError(null, first);
            try {
                for (int i = 1; i < before; i++) {
                    error = firstError(error, peer.readLine());
                }
                boolean refused = error != null;
                for (Slice key : keys) {
                    String answer = peer.readLine();
                    if (!refused && !answer.startsWith("-")) {
                        moved(call, key, deleted);
                    }
                    error = firstError(error, answer);
                }
            } catch (IOException e) {
                LOG.debug("MIGRATE cannot read", e);
                PeerCache.close(peer);
                broken = true;
            }
            if (!deleted.isEmpty()) {
                deleted.addFirst("DEL");
                call.propagateAs(deleted.toArray());
            }
            return !broken;
        }

        void reply(Call call) {
            if (error != null) {
                throw new CommandException("ERR Target instance replied with error: " + error);
            }
            if (broken) {
                throw new CommandException("IOERR error or timeout reading to target instance");
            }
            call.reply().ok();
        }

        private void moved(Call call, Slice key, List<Object> deleted) {
            if (!migration.copy && call.edit(key).remove(Event.DEL)) {
                deleted.add(key);
            }
        }

        private static @Nullable String firstError(@Nullable String error, String answer) {
            return error == null && answer.startsWith("-") ? answer.substring(1) : error;
        }
    }
}
