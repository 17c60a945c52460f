package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ADMIN;
import static dev.holdfast.engine.catalog.CommandFlag.ALLOW_BUSY;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.NO_MULTI;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandFlag.VISITS_SHARDS;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Compatibility;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.ScriptRun;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.replication.Replica;
import dev.holdfast.engine.replication.ReplicationNode;
import dev.holdfast.engine.replication.Shutdown;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The commands about the server as a whole. */
public final class ServerCommands {

    private ServerCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("INFO", "[section [section ...]]", ServerCommands::info)
                    .in(SERVER)
                    .since("1.0.0")
                    .arity(-1)
                    .flags(LOADING, STALE, VISITS_SHARDS)
                    .acl("dangerous")
                    .tips("nondeterministic_output", "request_policy:all_shards", "response_policy:special")
                    .complexity("O(1)")
                    .summary("Figures about the server, in sections"),
            command("TIME", "", ServerCommands::time)
                    .in(SERVER)
                    .since("2.6.0")
                    .arity(1)
                    .flags(LOADING, STALE, FAST)
                    .tips("nondeterministic_output")
                    .complexity("O(1)")
                    .summary("The server's time"),
            command("ROLE", "", ServerCommands::role)
                    .in(SERVER)
                    .since("2.8.12")
                    .arity(1)
                    .flags(NOSCRIPT, LOADING, STALE, FAST)
                    .acl("admin", "dangerous")
                    .complexity("O(1)")
                    .summary("Whether the server is a primary, and its replicas"),
            command("MONITOR", "", ServerCommands::monitor)
                    .in(SERVER)
                    .since("1.0.0")
                    .arity(1)
                    .flags(ADMIN, NOSCRIPT, LOADING, STALE)
                    .complexity("O(1)")
                    .summary("Shows all commands as they are run"),
            command("LOLWUT", "[VERSION version]", ServerCommands::lolwut)
                    .in(SERVER)
                    .since("5.0.0")
                    .arity(-1)
                    .flags(READONLY, FAST)
                    .acl("read")
                    .complexity("O(1)")
                    .summary("A small picture, and the version"),
            command(
                            "SHUTDOWN",
                            "[<[<NOSAVE | SAVE>] [NOW] [FORCE] [SAFE] [FAILOVER] | ABORT>]",
                            ServerCommands::shutdown)
                    .in(SERVER)
                    .since("1.0.0")
                    .arity(-1)
                    .flags(ADMIN, NOSCRIPT, LOADING, STALE, NO_MULTI, ALLOW_BUSY)
                    .complexity("O(N) with the number of keys where the data is saved, else O(1)")
                    .summary("Ends the server"));

    private static final List<String> DEFAULT_SECTIONS = List.of(
            "server",
            "clients",
            "memory",
            "persistence",
            "stats",
            "replication",
            "cpu",
            "modules",
            "errorstats",
            "cluster",
            "keyspace");

    private static void info(Call call) {
        Set<String> sections = new LinkedHashSet<>();
        if (call.argCount() == 1) {
            sections.addAll(DEFAULT_SECTIONS);
        }
        for (int i = 1; i < call.argCount(); i++) {
            String section = call.arg(i).toString().toLowerCase(Locale.ROOT);
            switch (section) {
                case "default" -> sections.addAll(DEFAULT_SECTIONS);
                case "all", "everything" -> sections.addAll(InfoReport.SECTIONS);
                case "module_list" -> sections.add("modules");
                default -> sections.add(section);
            }
        }
        InfoReport report = new InfoReport(call.engine());
        call.reply().verbatim("txt", Slice.of(report.write(sections)).array());
    }

    private static void time(Call call) {
        long micros = call.nowMicros();
        call.reply().array(2);
        call.reply().bulk(micros / 1_000_000);
        call.reply().bulk(micros % 1_000_000);
    }

    private static void monitor(Call call) {
        if (call.inTransaction()) {
            throw new CommandException("ERR MONITOR isn't allowed for DENY BLOCKING client");
        }
        if (!call.client().isMonitor()) {
            call.engine().monitors().add(call.client());
            call.reply().ok();
        }
    }

    private static void role(Call call) {
        ReplicationNode node = ReplicationNode.of(call.engine());
        Reply reply = call.reply();
        String primary = node.primaryHost();
        if (primary != null) {
            reply.array(5);
            reply.bulk("slave");
            reply.bulk(primary);
            reply.integer(node.primaryPort());
            reply.bulk(node.linkText());
            reply.integer(node.isLinkUp() ? node.offset() : -1);
            return;
        }
        List<Replica> online =
                node.replicas().all().stream().filter(Replica::isOnline).toList();
        reply.array(3);
        reply.bulk("master");
        reply.integer(node.offset());
        reply.array(online.size());
        for (Replica replica : online) {
            reply.array(3);
            reply.bulk(replica.ip());
            reply.bulk(Integer.toString(replica.port()));
            reply.bulk(Long.toString(replica.ackOffset()));
        }
    }

    private static void lolwut(Call call) {
        if (call.argCount() >= 3 && call.arg(1).isWord("VERSION")) {
            call.longArg(2);
        }
        String picture = """
                      _______________
                     /  *   .    *   \\
                ~~~~|    HOLDFAST     |~~~~
                     \\______|_|______/
                        /|  | |  |\\
                       / |  | |  | \\
                """;
        String name = call.config().program.extendedRedisCompatibility.get()
                ? "Redis ver. " + Compatibility.REDIS_VERSION
                : "Valkey ver. " + Compatibility.VALKEY_VERSION;
        String text = picture + "\nHoldfast, in the manner of " + name + "\n";
        call.reply().verbatim("txt", Slice.of(text).array());
    }

    private static void shutdown(Call call) {
        Set<String> words = new LinkedHashSet<>();
        for (int i = 1; i < call.argCount(); i++) {
            String word = call.arg(i).toString().toUpperCase(Locale.ROOT);
            switch (word) {
                case "SAVE", "NOSAVE", "NOW", "FORCE", "SAFE", "FAILOVER", "ABORT" -> words.add(word);
                default -> throw CommandException.syntax();
            }
        }
        boolean abort = words.contains("ABORT");
        if (abort && words.size() > 1 || words.contains("SAVE") && words.contains("NOSAVE")) {
            throw CommandException.syntax();
        }
        Shutdown shutdown = ReplicationNode.of(call.engine()).shutdown();
        if (abort) {
            if (!shutdown.abort()) {
                throw new CommandException("ERR No shutdown in progress.");
            }
            call.reply().ok();
            return;
        }
        if (words.contains("FAILOVER")) {
            throw new CommandException("ERR SHUTDOWN FAILOVER is only supported in cluster mode.");
        }
        ScriptRun script = call.engine().scriptRuns().busy();
        if (script != null && !words.contains("NOSAVE")) {
            throw script.busyError();
        }
        if (shutdown.isActive() || shutdown.hasToWait(words)) {
            call.blockForTime(0, reply -> {});
            shutdown.begin(call.client(), words);
            return;
        }
        if (!shutdown.take(words)) {
            throw new CommandException("ERR Errors trying to SHUTDOWN. Check logs.");
        }
        call.engine().host().shutDown("User requested shutdown...");
        call.client().closeAfterReply();
    }
}
