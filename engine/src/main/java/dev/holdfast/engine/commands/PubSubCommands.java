package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.MAY_REPLICATE;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandGroup.PUBSUB;
import static dev.holdfast.engine.catalog.KeySpec.Flag.NOT_KEY;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.base.Glob;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.PubSub;
import dev.holdfast.engine.change.PubSub.Kind;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.protocol.Reply;
import java.util.Collection;
import java.util.List;

/** Publishing and subscribing: channels, patterns and sharded channels. */
public final class PubSubCommands {
    private PubSubCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            subscription("SUBSCRIBE", "channel [channel ...]", call -> subscribe(call, Kind.CHANNEL))
                    .since("2.0.0")
                    .arity(-2)
                    .roles(CommandRole.SUBSCRIBES)
                    .complexity("O(N) with the number of channels")
                    .summary("Receives the messages of channels"),
            subscription("UNSUBSCRIBE", "[channel [channel ...]]", call -> unsubscribe(call, Kind.CHANNEL))
                    .since("2.0.0")
                    .arity(-1)
                    .complexity("O(N) with the number of channels")
                    .summary("Receives the messages of channels, or of all channels, no longer"),
            subscription("PSUBSCRIBE", "pattern [pattern ...]", call -> subscribe(call, Kind.PATTERN))
                    .since("2.0.0")
                    .arity(-2)
                    .roles(CommandRole.SUBSCRIBES_TO_PATTERNS)
                    .complexity("O(N) with the number of patterns")
                    .summary("Receives the messages of all channels that match patterns"),
            subscription("PUNSUBSCRIBE", "[pattern [pattern ...]]", call -> unsubscribe(call, Kind.PATTERN))
                    .since("2.0.0")
                    .arity(-1)
                    .complexity("O(N) with the number of patterns")
                    .summary("Ends subscriptions to patterns, or to all patterns"),
            subscription("SSUBSCRIBE", "shardchannel [shardchannel ...]", call -> subscribe(call, Kind.SHARD))
                    .since("7.0.0")
                    .arity(-2)
                    .keys(KeySpec.range(1, -1, 1, NOT_KEY))
                    .roles(CommandRole.SUBSCRIBES)
                    .complexity("O(N) with the number of channels")
                    .summary("Receives the messages of sharded channels"),
            subscription("SUNSUBSCRIBE", "[shardchannel [shardchannel ...]]", call -> unsubscribe(call, Kind.SHARD))
                    .since("7.0.0")
                    .arity(-1)
                    .keys(KeySpec.range(1, -1, 1, NOT_KEY))
                    .complexity("O(N) with the number of channels")
                    .summary("Ends subscriptions to sharded channels, or to all of them"),
            command("PUBLISH", "channel message", PubSubCommands::publish)
                    .in(PUBSUB)
                    .since("2.0.0")
                    .arity(3)
                    .flags(CommandFlag.PUBSUB, LOADING, STALE, FAST, MAY_REPLICATE)
                    .roles(CommandRole.PUBLISHES)
                    .complexity("O(N+M) with the subscribers of the channel and all patterns")
                    .summary("Sends a message to a channel"),
            command("SPUBLISH", "shardchannel message", PubSubCommands::publishShard)
                    .in(PUBSUB)
                    .since("7.0.0")
                    .arity(3)
                    .flags(CommandFlag.PUBSUB, LOADING, STALE, FAST, MAY_REPLICATE)
                    .keys(KeySpec.at(1, NOT_KEY))
                    .roles(CommandRole.PUBLISHES)
                    .complexity("O(N) with the subscribers of the channel")
                    .summary("Sends a message to a sharded channel"),
            container("PUBSUB")
                    .in(PUBSUB)
                    .since("2.8.0")
                    .arity(-2)
                    .complexity("Depends on the subcommand")
                    .summary("Commands about channels and their subscribers")
                    .subcommands(List.of(
                            inspection("CHANNELS", "[pattern]", call -> names(call, Kind.CHANNEL))
                                    .since("2.8.0")
                                    .complexity("O(N) with the number of channels")
                                    .summary("The channels that have subscribers"),
                            Help.subcommand(PUBSUB, "6.2.0"),
                            inspection("NUMPAT", "", PubSubCommands::patternCount)
                                    .since("2.8.0")
                                    .arity(2)
                                    .complexity("O(1)")
                                    .summary("How many patterns are subscribed to"),
                            inspection("NUMSUB", "[channel [channel ...]]", call -> counts(call, Kind.CHANNEL))
                                    .since("2.8.0")
                                    .complexity("O(N) with the number of channels asked for")
                                    .summary("How many subscribers channels have"),
                            inspection("SHARDCHANNELS", "[pattern]", call -> names(call, Kind.SHARD))
                                    .since("7.0.0")
                                    .complexity("O(N) with the number of sharded channels")
                                    .summary("The sharded channels that have subscribers"),
                            inspection(
                                            "SHARDNUMSUB",
                                            "[shardchannel [shardchannel ...]]",
                                            call -> counts(call, Kind.SHARD))
                                    .since("7.0.0")
                                    .complexity("O(N) with the number of channels asked for")
                                    .summary("How many subscribers sharded channels have"))));

    private static CommandSpec subscription(String name, String syntax, Handler handler) {
        return command(name, syntax, handler)
                .in(PUBSUB)
                .flags(CommandFlag.PUBSUB, NOSCRIPT, LOADING, STALE)
                .roles(CommandRole.FOR_SUBSCRIBERS);
    }

    private static CommandSpec inspection(String name, String syntax, Handler handler) {
        return command(name, syntax, handler).in(PUBSUB).arity(-2).flags(CommandFlag.PUBSUB, LOADING, STALE);
    }

    private static void subscribe(Call call, Kind kind) {
        call.client().answerIsPushed();
        for (int i = 1; i < call.argCount(); i++) {
            call.engine().pubSub().subscribe(call.client(), kind, call.arg(i));
            confirm(call, kind.subscribed(), call.arg(i), kind);
        }
    }

    private static void unsubscribe(Call call, Kind kind) {
        PubSub pubSub = call.engine().pubSub();
        Client client = call.client();
        client.answerIsPushed();
        if (call.argCount() > 1) {
            for (int i = 1; i < call.argCount(); i++) {
                pubSub.unsubscribe(client, kind, call.arg(i));
                confirm(call, kind.unsubscribed(), call.arg(i), kind);
            }
            return;
        }
        List<Slice> all = List.copyOf(PubSub.own(client, kind));
        for (Slice name : all) {
            pubSub.unsubscribe(client, kind, name);
            confirm(call, kind.unsubscribed(), name, kind);
        }
        if (all.isEmpty()) {
            Reply reply = call.reply();
            reply.push(3);
            reply.bulk(kind.unsubscribed());
            reply.nil();
            reply.integer(count(client, kind));
        }
    }

    private static void confirm(Call call, String what, Slice name, Kind kind) {
        Reply reply = call.reply();
        reply.push(3);
        reply.bulk(what);
        reply.bulk(name);
        reply.integer(count(call.client(), kind));
    }

    /** Channels and patterns are counted together, sharded channels apart. */
    private static int count(Client client, Kind kind) {
        return kind == Kind.SHARD
                ? client.shardChannels().size()
                : client.channels().size() + client.patterns().size();
    }

    private static void publish(Call call) {
        call.reply().integer(call.engine().pubSub().publish(call.arg(1), call.arg(2)));
        call.propagateToReplicas();
    }

    private static void publishShard(Call call) {
        call.reply().integer(call.engine().pubSub().publishShard(call.arg(1), call.arg(2)));
        call.propagateToReplicas();
    }

    private static void names(Call call, Kind kind) {
        if (call.argCount() > 3) {
            throw dev.holdfast.engine.catalog.CommandException.arity(call.spec().fullName());
        }
        Collection<Slice> names = call.engine().pubSub().names(kind);
        Reply reply = call.reply();
        int mark = reply.beginArray();
        long shown = 0;
        for (Slice name : names) {
            if (call.argCount() == 2 || Glob.matches(call.arg(2), name)) {
                reply.bulk(name);
                shown++;
            }
        }
        reply.endArray(mark, shown);
    }

    private static void patternCount(Call call) {
        call.reply().integer(call.engine().pubSub().names(Kind.PATTERN).size());
    }

    private static void counts(Call call, Kind kind) {
        Reply reply = call.reply();
        reply.array((call.argCount() - 2) * 2L);
        for (int i = 2; i < call.argCount(); i++) {
            reply.bulk(call.arg(i));
            reply.integer(call.engine().pubSub().subscribers(kind, call.arg(i)));
        }
    }
}
