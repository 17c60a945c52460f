package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ADMIN;
import static dev.holdfast.engine.catalog.CommandFlag.ALLOW_BUSY;
import static dev.holdfast.engine.catalog.CommandFlag.ALL_SHARDS;
import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.NO_MULTI;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandFlag.VISITS_SHARDS;
import static dev.holdfast.engine.catalog.CommandGroup.CONNECTION;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Text;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.ClientInfo;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.core.Pause;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** {@code CLIENT}: what a connection says of itself, and what it may see of and do to others. */
public final class ClientCommands {
    private static final String FILTER = "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]"
            + " [USER username] [ADDR ip:port] [LADDR ip:port] [SKIPME <YES | NO>] [MAXAGE maxage] [NAME name]"
            + " [IDLE idle] [FLAGS flags] [LIB-NAME lib-name] [LIB-VER lib-ver] [DB db] [CAPA capa] [IP ip]"
            + " [NOT-TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [NOT-ID not-client-id [not-client-id ...]]"
            + " [NOT-USER not-username] [NOT-ADDR ip:port] [NOT-LADDR ip:port] [NOT-NAME not-name]"
            + " [NOT-FLAGS not-flags] [NOT-LIB-NAME not-lib-name] [NOT-LIB-VER not-lib-ver] [NOT-DB not-db]"
            + " [NOT-CAPA not-capa] [NOT-IP not-ip]";

    private ClientCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(container("CLIENT")
            .in(CONNECTION)
            .since("2.4.0")
            .arity(-2)
            .complexity("Depends on the subcommand")
            .summary("Commands about connections")
            .roles(CommandRole.KEEPS_CACHING)
            .subcommands(List.of(
                    own("CACHING", "<YES | NO>", TrackingCommands::caching)
                            .since("6.0.0")
                            .arity(3)
                            .flags(ALLOW_BUSY, NOSCRIPT, LOADING, STALE)
                            .summary("Says whether the keys that the next command reads are tracked"),
                    own("CAPA", "capability [capability ...]", ClientCommands::capa)
                            .since("8.0.0")
                            .arity(-3)
                            .flags(ALLOW_BUSY, NOSCRIPT, LOADING, STALE)
                            .summary("Tells what this client is able to do"),
                    own("GETNAME", "", ClientCommands::getName)
                            .since("2.6.9")
                            .arity(2)
                            .flags(ALLOW_BUSY, NOSCRIPT, LOADING, STALE)
                            .summary("The name of this connection"),
                    own("GETREDIR", "", TrackingCommands::redirection)
                            .since("6.0.0")
                            .arity(2)
                            .flags(ALLOW_BUSY, NOSCRIPT, LOADING, STALE)
                            .summary("The client that receives this one's invalidations"),
                    Help.subcommand(CONNECTION, "5.0.0"),
                    own("ID", "", call -> call.reply().integer(call.client().id()))
                            .since("5.0.0")
                            .arity(2)
                            .flags(ALLOW_BUSY, NOSCRIPT, LOADING, STALE)
                            .summary("The number of this connection"),
                    own("IMPORT-SOURCE", "<ON | OFF>", ClientCommands::importSource)
                            .since("8.1.0")
                            .arity(3)
                            .flags(NOSCRIPT, LOADING, STALE)
                            .summary("Makes this connection the one that decides what expires while data is imported"),
                    own("INFO", "", ClientCommands::info)
                            .since("6.2.0")
                            .arity(2)
                            .flags(NOSCRIPT, LOADING, STALE)
                            .tips("nondeterministic_output")
                            .summary("What is known of this connection"),
                    own("KILL", "<ip:port | " + FILTER + ">", ClientCommands::kill)
                            .since("2.4.0")
                            .arity(-3)
                            .flags(ADMIN, NOSCRIPT, LOADING, STALE, VISITS_SHARDS)
                            .complexity("O(N) with the number of connections")
                            .summary("Ends connections"),
                    own("LIST", FILTER, ClientCommands::list)
                            .since("2.4.0")
                            .arity(-2)
                            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
                            .tips("nondeterministic_output")
                            .complexity("O(N) with the number of connections")
                            .summary("What is known of all connections"),
                    own("NO-EVICT", "<ON | OFF>", call -> flag(call, Client::setNoEvict))
                            .since("7.0.0")
                            .arity(3)
                            .flags(ALLOW_BUSY, ADMIN, NOSCRIPT, LOADING, STALE)
                            .summary("Protects this connection from being ended for its memory"),
                    own("NO-TOUCH", "<ON | OFF>", call -> flag(call, Client::setNoTouch))
                            .since("7.2.0")
                            .arity(3)
                            .flags(ALLOW_BUSY, NOSCRIPT, LOADING, STALE)
                            .summary("Lets this connection read keys without counting as their use"),
                    own("PAUSE", "timeout [<WRITE | ALL>]", ClientCommands::pause)
                            .since("3.0.0")
                            .arity(-3)
                            .flags(ADMIN, NOSCRIPT, LOADING, STALE, ALL_SHARDS)
                            .summary("Makes commands wait for a while"),
                    own("REPLY", "<ON | OFF | SKIP>", ClientCommands::reply)
                            .since("3.2.0")
                            .arity(3)
                            .flags(ALLOW_BUSY, NOSCRIPT, NO_MULTI, LOADING, STALE)
                            .summary("Switches the replies to this connection off and on"),
                    own("SETINFO", "<LIB-NAME libname | LIB-VER libver>", ClientCommands::setInfo)
                            .since("7.2.0")
                            .arity(4)
                            .flags(ALLOW_BUSY, NOSCRIPT, LOADING, STALE)
                            .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                            .summary("Names the client's library"),
                    own("SETNAME", "connection-name", ClientCommands::setName)
                            .since("2.6.9")
                            .arity(3)
                            .flags(ALLOW_BUSY, NOSCRIPT, LOADING, STALE)
                            .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                            .summary("Names this connection"),
                    own(
                                    "TRACKING",
                                    "<ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN]"
                                            + " [OPTOUT] [NOLOOP]",
                                    TrackingCommands::tracking)
                            .since("6.0.0")
                            .arity(-3)
                            .flags(NOSCRIPT, LOADING, STALE, VISITS_SHARDS)
                            .complexity("O(1); more with some options")
                            .summary("Tells this connection when keys that it may have cached change"),
                    own("TRACKINGINFO", "", TrackingCommands::info)
                            .since("6.2.0")
                            .arity(2)
                            .flags(NOSCRIPT, LOADING, STALE)
                            .summary("How this connection tracks keys"),
                    own("UNBLOCK", "client-id [<TIMEOUT | ERROR>]", ClientCommands::unblock)
                            .since("5.0.0")
                            .arity(-3)
                            .flags(ADMIN, NOSCRIPT, LOADING, STALE, VISITS_SHARDS)
                            .summary("Ends another connection's wait"),
                    own("UNPAUSE", "", ClientCommands::unpause)
                            .since("6.2.0")
                            .arity(2)
                            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
                            .complexity("O(N) with the number of paused connections")
                            .summary("Ends a pause"))));

    private static CommandSpec own(String name, String syntax, Handler handler) {
        return command(name, syntax, handler).in(CONNECTION).complexity("O(1)");
    }

    private static void importSource(Call call) {
        if (!call.config().importMode.get() && !call.arg(2).isWord("OFF")) {
            throw new CommandException("ERR Server is not in import mode");
        }
        flag(call, Client::setImportSource);
    }

    private static void capa(Call call) {
        for (int i = 2; i < call.argCount(); i++) {
            if (call.arg(i).isWord("REDIRECT")) {
                call.client().setRedirectCapable(true);
            }
        }
        call.reply().ok();
    }

    private static void getName(Call call) {
        if (call.client().name().isEmpty()) {
            call.reply().nil();
        } else {
            call.reply().bulk(call.client().name());
        }
    }

    /** A word that does not break the lines of {@code CLIENT LIST}. */
    private static boolean isPrintable(Slice word) {
        for (int i = 0; i < word.length(); i++) {
            if (word.at(i) < '!' || word.at(i) > '~') {
                return false;
            }
        }
        return true;
    }

    /** The name that a word gives to a connection. */
    static String checkedName(Slice word) {
        if (!isPrintable(word)) {
            throw new CommandException("ERR Client names cannot contain spaces, newlines or special characters.");
        }
        return word.toString();
    }

    private static void setName(Call call) {
        call.client().setName(checkedName(call.arg(2)));
        call.reply().ok();
    }

    private static void setInfo(Call call) {
        Slice attribute = call.arg(2);
        Slice value = call.arg(3);
        boolean libraryName = attribute.isWord("LIB-NAME");
        if (!libraryName && !attribute.isWord("LIB-VER")) {
            throw new CommandException("ERR Unrecognized option '" + attribute.shown() + "'");
        }
        if (!isPrintable(value)) {
            throw new CommandException("ERR " + attribute + " cannot contain spaces, newlines or special characters.");
        }
        if (libraryName) {
            call.client().setLibraryName(value.toString());
        } else {
            call.client().setLibraryVersion(value.toString());
        }
        call.reply().ok();
    }

    private static void info(Call call) {
        text(call, ClientInfo.show(call.client(), call.now()) + "\n");
    }

    private static void list(Call call) {
        if (call.argCount() == 3) {
            throw CommandException.syntax();
        }
        Predicate<Client> filter = ClientFilter.parse(call, 2, false);
        text(
                call,
                call.engine().clients().stream()
                        .filter(filter)
                        .sorted(Comparator.comparingLong(Client::id))
                        .map(client -> ClientInfo.show(client, call.now()) + "\n")
                        .collect(Collectors.joining()));
    }

    private static void text(Call call, String text) {
        call.reply().verbatim("txt", Text.encode(text));
    }

    private static void kill(Call call) {
        boolean byAddress = call.argCount() == 3;
        String address = call.arg(2).toString();
        Predicate<Client> filter =
                byAddress ? client -> client.link().address().equals(address) : ClientFilter.parse(call, 2, true);
        long killed = 0;
        for (Client client : call.engine().clients()) {
            if (filter.test(client)) {
                killed++;
                if (client == call.client()) {
                    client.closeAfterReply();
                } else {
                    call.engine().clients().kill(client);
                }
            }
        }
        if (!byAddress) {
            call.reply().integer(killed);
        } else if (killed > 0) {
            call.reply().ok();
        } else {
            throw new CommandException("ERR No such client");
        }
    }

    /** Something that ON and OFF switch. */
    private interface Switch {
        void set(Client client, boolean on);
    }

    private static void flag(Call call, Switch target) {
        Slice word = call.arg(2);
        if (!word.isWord("ON") && !word.isWord("OFF")) {
            throw CommandException.syntax();
        }
        target.set(call.client(), word.isWord("ON"));
        call.reply().ok();
    }

    private static void pause(Call call) {
        boolean onlyWrites = false;
        if (call.argCount() > 4) {
            throw CommandException.syntax();
        }
        if (call.argCount() == 4) {
            onlyWrites = call.arg(3).isWord("WRITE");
            if (!onlyWrites && !call.arg(3).isWord("ALL")) {
                throw new CommandException("ERR CLIENT PAUSE mode must be WRITE or ALL");
            }
        }
        long millis = call.longArg(2, Long.MIN_VALUE, Long.MAX_VALUE, "ERR timeout is not an integer or out of range");
        if (millis < 0) {
            throw new CommandException("ERR timeout is negative");
        }
        if (millis > Long.MAX_VALUE - call.now()) {
            throw new CommandException("ERR timeout is out of range");
        }
        call.engine().pause().start(Pause.Purpose.CLIENT, call.now() + millis, onlyWrites);
        call.reply().ok();
    }

    private static void unpause(Call call) {
        call.engine().pause().stop(Pause.Purpose.CLIENT);
        call.reply().ok();
    }

    private static void reply(Call call) {
        Slice mode = call.arg(2);
        Client client = call.client();
        if (mode.isWord("ON")) {
            client.setReplyMode(Client.ReplyMode.ON);
            call.reply().ok();
        } else if (mode.isWord("OFF")) {
            client.setReplyMode(Client.ReplyMode.OFF);
        } else if (mode.isWord("SKIP")) {
            if (client.replyMode() != Client.ReplyMode.OFF) {
                client.setReplyMode(Client.ReplyMode.SKIP_NEXT);
            }
        } else {
            throw CommandException.syntax();
        }
    }

    private static void unblock(Call call) {
        boolean error = false;
        if (call.argCount() > 4) {
            throw CommandException.syntax();
        }
        if (call.argCount() == 4) {
            error = call.arg(3).isWord("ERROR");
            if (!error && !call.arg(3).isWord("TIMEOUT")) {
                throw new CommandException("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
            }
        }
        Client client = call.engine().clients().find(call.longArg(2));
        boolean unblocked = client != null
                && call.engine()
                        .blocking()
                        .unblock(client, error ? "UNBLOCKED client unblocked via CLIENT UNBLOCK" : null);
        call.reply().integer(unblocked);
    }
}
