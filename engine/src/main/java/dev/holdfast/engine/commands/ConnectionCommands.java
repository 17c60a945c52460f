package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ALLOW_BUSY;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.NO_AUTH;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandGroup.CLUSTER;
import static dev.holdfast.engine.catalog.CommandGroup.CONNECTION;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Compatibility;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.protocol.Reply;
import java.util.List;

/** The commands by which a client greets, names itself, and says goodbye. {@code CLIENT} has a file of its own. */
public final class ConnectionCommands {
    private static final String USER = "default";

    private ConnectionCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("PING", "[message]", ConnectionCommands::ping)
                    .in(CONNECTION)
                    .since("1.0.0")
                    .arity(-1)
                    .flags(FAST)
                    .tips("request_policy:all_shards", "response_policy:all_succeeded")
                    .roles(CommandRole.FOR_SUBSCRIBERS, CommandRole.SHOWS_HEALTH)
                    .complexity("O(1)")
                    .summary("Answers, to show that the server is there"),
            command("ECHO", "message", call -> call.reply().bulk(call.arg(1)))
                    .in(CONNECTION)
                    .since("1.0.0")
                    .arity(2)
                    .flags(LOADING, STALE, FAST)
                    .complexity("O(1)")
                    .summary("Answers with its argument"),
            command("SELECT", "index", ConnectionCommands::select)
                    .in(CONNECTION)
                    .since("1.0.0")
                    .arity(2)
                    .flags(ALLOW_BUSY, LOADING, STALE, FAST)
                    .roles(CommandRole.SELECTS)
                    .complexity("O(1)")
                    .summary("Chooses the database for the commands that follow"),
            command("AUTH", "[username] password", ConnectionCommands::auth)
                    .in(CONNECTION)
                    .since("1.0.0")
                    .arity(-2)
                    .flags(NOSCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY)
                    .complexity("O(N) with the number of passwords of the user")
                    .summary("Shows a password"),
            command("HELLO", "[protover [AUTH username password] [SETNAME clientname]]", ConnectionCommands::hello)
                    .in(CONNECTION)
                    .since("6.0.0")
                    .arity(-1)
                    .flags(NOSCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY)
                    .complexity("O(1)")
                    .summary("Agrees on the protocol and tells about the server"),
            command("RESET", "", ConnectionCommands::reset)
                    .in(CONNECTION)
                    .since("6.2.0")
                    .arity(1)
                    .flags(NOSCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY)
                    .roles(CommandRole.NOT_QUEUED, CommandRole.FOR_SUBSCRIBERS)
                    .complexity("O(1)")
                    .summary("Puts the connection back into the state of a new one"),
            command("READONLY", "", call -> readOnly(call, true))
                    .in(CLUSTER)
                    .since("3.0.0")
                    .arity(1)
                    .flags(FAST, LOADING, STALE)
                    .acl("connection")
                    .complexity("O(1)")
                    .summary("Lets a replica of a cluster answer what reads on this connection"),
            command("READWRITE", "", call -> readOnly(call, false))
                    .in(CLUSTER)
                    .since("3.0.0")
                    .arity(1)
                    .flags(FAST, LOADING, STALE)
                    .acl("connection")
                    .complexity("O(1)")
                    .summary("Takes READONLY back"),
            command("ASKING", "", ConnectionCommands::asking)
                    .in(CLUSTER)
                    .since("3.0.0")
                    .arity(1)
                    .flags(FAST)
                    .acl("connection")
                    .complexity("O(1)")
                    .summary("Says that the next command follows a redirection to a slot that is just being moved"),
            command("QUIT", "", ConnectionCommands::quit)
                    .in(CONNECTION)
                    .since("1.0.0")
                    .arity(-1)
                    .flags(ALLOW_BUSY, NOSCRIPT, LOADING, STALE, FAST, NO_AUTH)
                    .roles(CommandRole.NOT_QUEUED, CommandRole.FOR_SUBSCRIBERS)
                    .complexity("O(1)")
                    .summary("Ends the connection"));

    private static void ping(Call call) {
        if (call.argCount() > 2) {
            throw CommandException.arity("ping");
        }
        Reply reply = call.reply();
        if (call.client().isSubscriber() && !call.client().resp3()) {
            reply.array(2);
            reply.bulk("pong");
            if (call.argCount() == 1) {
                reply.bulk("");
            } else {
                reply.bulk(call.arg(1));
            }
        } else if (call.argCount() == 1) {
            reply.simple("PONG");
        } else {
            reply.bulk(call.arg(1));
        }
    }

    private static void select(Call call) {
        call.client().select(call.databaseArg(1));
        call.reply().ok();
    }

    private static void auth(Call call) {
        if (call.argCount() > 3) {
            throw CommandException.syntax();
        }
        if (call.argCount() == 2 && call.engine().acl().isDefaultWithoutPassword()) {
            throw new CommandException(
                    "ERR AUTH <password> called without any password configured for the default user."
                            + " Are you sure your configuration is correct?");
        }
        if (call.argCount() == 2) {
            authenticate(call, Slice.of(USER), call.arg(1));
        } else {
            authenticate(call, call.arg(1), call.arg(2));
        }
        call.reply().ok();
    }

    private static void authenticate(Call call, Slice user, Slice password) {
        if (!call.engine().permissions().authenticate(call.client(), call.arg(0), user, password)) {
            throw new CommandException("WRONGPASS invalid username-password pair or user is disabled.");
        }
    }

    private static void hello(Call call) {
        long version = 0;
        if (call.argCount() > 1) {
            version = call.longArg(
                    1, Long.MIN_VALUE, Long.MAX_VALUE, "ERR Protocol version is not an integer or out of range");
            if (version != 2 && version != 3) {
                throw new CommandException("NOPROTO unsupported protocol version");
            }
        }
        Slice user = null;
        Slice password = null;
        String name = null;
        for (int i = 2; i < call.argCount(); i++) {
            int more = call.argCount() - 1 - i;
            Slice option = call.arg(i);
            if (option.isWord("AUTH") && more >= 2) {
                user = call.arg(i + 1);
                password = call.arg(i + 2);
                i += 2;
            } else if (option.isWord("SETNAME") && more >= 1) {
                name = ClientCommands.checkedName(call.arg(i + 1));
                i++;
            } else {
                throw new CommandException("ERR Syntax error in HELLO option '" + option.shown() + "'");
            }
        }
        if (user != null && password != null) {
            authenticate(call, user, password);
        }
        Client client = call.client();
        if (!call.engine().permissions().admits(client)) {
            throw new CommandException(
                    "NOAUTH HELLO must be called with the client already authenticated, otherwise the"
                            + " HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select"
                            + " the RESP protocol version at the same time");
        }
        if (name != null) {
            client.setName(name);
        }
        if (version != 0) {
            client.setResp3(version == 3);
            call.reply().setResp3(version == 3);
        }
        greet(call, client);
    }

    private static void greet(Call call, Client client) {
        Reply reply = call.reply();
        boolean asRedis = call.config().program.extendedRedisCompatibility.get();
        String zone = call.config().program.availabilityZone.get();
        reply.map(zone.isEmpty() ? 7 : 8);
        reply.bulk("server");
        reply.bulk(asRedis ? "redis" : Compatibility.SERVER_NAME);
        reply.bulk("version");
        reply.bulk(asRedis ? Compatibility.REDIS_VERSION : Compatibility.VALKEY_VERSION);
        reply.bulk("proto");
        reply.integer(client.resp3() ? 3 : 2);
        reply.bulk("id");
        reply.integer(client.id());
        reply.bulk("mode");
        reply.bulk(call.engine().cluster() == null ? "standalone" : "cluster");
        reply.bulk("role");
        reply.bulk(call.engine().replication().isReplica() ? "replica" : "master");
        reply.bulk("modules");
        ModuleCommands.writeAll(reply);
        if (!zone.isEmpty()) {
            reply.bulk("availability_zone");
            reply.bulk(zone);
        }
    }

    private static void reset(Call call) {
        Client client = call.client();
        call.engine().endTransaction(client);
        call.engine().pubSub().unsubscribeAll(client);
        call.engine().tracking().end(client);
        call.engine().monitors().remove(client);
        client.select(0);
        client.setName("");
        client.setNoEvict(false);
        client.setNoTouch(false);
        client.setReadOnly(false);
        // What was to be skipped still is: the answer to RESET.
        if (client.replyMode() != Client.ReplyMode.SKIP) {
            client.setReplyMode(Client.ReplyMode.ON);
        }
        client.setUser(call.engine().acl().initialUser());
        client.setResp3(false);
        call.reply().setResp3(false);
        call.reply().simple("RESET");
    }

    private static void readOnly(Call call, boolean readOnly) {
        call.client().setReadOnly(readOnly);
        call.reply().ok();
    }

    /** A node that has every slot imports none: there is nothing to ask about. */
    private static void asking(Call call) {
        ClusterCommands.cluster(call);
        call.reply().ok();
    }

    private static void quit(Call call) {
        call.reply().ok();
        call.client().closeAfterReply();
    }
}
