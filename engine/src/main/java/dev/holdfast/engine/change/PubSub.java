package dev.holdfast.engine.change;

import dev.holdfast.engine.base.Glob;
import dev.holdfast.engine.base.SharedBytes;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.SpareArrays;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.protocol.RespReply;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Channels, patterns and sharded channels, and their subscribers.
 *
 * <p>Publishing takes no lock: the subscribers of a channel are an array that is replaced when one comes or goes. Messages of
 * one publisher reach a subscriber in their order.
 */
public final class PubSub {
    private static final Client[] NONE = new Client[0];
    /** What a subscription takes beside the name. */
    private static final int SUBSCRIPTION_BYTES = 200;

    /** The arrays of messages of this length or more serve again; shorter ones are held uncounted where they are alone. */
    private static final int REUSED_BYTES = 2048;

    private static final Slice MESSAGE = Slice.of("message");
    private static final Slice SHARD_MESSAGE = Slice.of("smessage");

    private final SpareArrays spares = new SpareArrays(REUSED_BYTES);
    private final Map<Slice, Client[]> channels = new ConcurrentHashMap<>();
    private final Map<Slice, Client[]> shardChannels = new ConcurrentHashMap<>();
    private final Map<Slice, Client[]> patterns = new ConcurrentHashMap<>();

    /** Which of the three spaces of names. */
    public enum Kind {
        CHANNEL("subscribe", "unsubscribe"),
        PATTERN("psubscribe", "punsubscribe"),
        SHARD("ssubscribe", "sunsubscribe");

        private final String subscribed;
        private final String unsubscribed;

        Kind(String subscribed, String unsubscribed) {
            this.subscribed = subscribed;
            this.unsubscribed = unsubscribed;
        }

        /** The first word of the message that confirms a subscription. */
        public String subscribed() {
            return subscribed;
        }

        public String unsubscribed() {
            return unsubscribed;
        }
    }

    private Map<Slice, Client[]> map(Kind kind) {
        return switch (kind) {
            case CHANNEL -> channels;
            case PATTERN -> patterns;
            case SHARD -> shardChannels;
        };
    }

    /** What a client is subscribed to, of one kind. */
    public static Collection<Slice> own(Client client, Kind kind) {
        return switch (kind) {
            case CHANNEL -> client.channels();
            case PATTERN -> client.patterns();
            case SHARD -> client.shardChannels();
        };
    }

    /** Subscribes a client, if it is not yet. Runs on the client's thread. */
    public void subscribe(Client client, Kind kind, Slice name) {
        Collection<Slice> names = own(client, kind);
        if (!names.contains(name)) {
            client.take(name.length() + SUBSCRIPTION_BYTES);
            Slice key = new Slice(name.toBytes());
            names.add(key);
            client.subscriptionsChanged();
            map(kind).merge(key, new Client[] {client}, PubSub::joined);
        }
    }

    public void unsubscribe(Client client, Kind kind, Slice name) {
        if (own(client, kind).remove(name)) {
            client.subscriptionsChanged();
            client.give(name.length() + SUBSCRIPTION_BYTES);
            map(kind).computeIfPresent(name, (key, clients) -> without(clients, client));
        }
    }

    /** Ends all subscriptions of a client that is leaving. */
    public void unsubscribeAll(Client client) {
        for (Kind kind : Kind.values()) {
            for (Slice name : List.copyOf(own(client, kind))) {
                unsubscribe(client, kind, name);
            }
        }
    }

    private static Client[] joined(Client[] clients, Client[] more) {
        Client[] result = java.util.Arrays.copyOf(clients, clients.length + 1);
        result[clients.length] = more[0];
        return result;
    }

    private static Client @Nullable [] without(Client[] clients, Client client) {
        List<Client> rest = new ArrayList<>(List.of(clients));
        rest.remove(client);
        return rest.isEmpty() ? null : rest.toArray(NONE);
    }

    /** Publishes to a channel and to the patterns that match it. Returns how many were told. */
    public long publish(Slice channel, Slice message) {
        long receivers = deliver(channels, MESSAGE, channel, message);
        for (Map.Entry<Slice, Client[]> pattern : patterns.entrySet()) {
            if (Glob.matches(pattern.getKey(), channel)) {
                long words = (long) pattern.getKey().length() + channel.length() + message.length();
                Client[] clients = pattern.getValue();
                push(clients, words, reply -> {
                    reply.push(4);
                    reply.bulk("pmessage");
                    reply.bulk(pattern.getKey());
                    reply.bulk(channel);
                    reply.bulk(message);
                });
                receivers += clients.length;
            }
        }
        return receivers;
    }

    /** Publishes to a sharded channel. */
    public long publishShard(Slice channel, Slice message) {
        return deliver(shardChannels, SHARD_MESSAGE, channel, message);
    }

    private long deliver(Map<Slice, Client[]> map, Slice kind, Slice channel, Slice message) {
        Client[] clients = map.get(channel);
        if (clients == null) {
            return 0;
        }
        push(clients, (long) channel.length() + message.length(), reply -> {
            reply.push(3);
            reply.bulk(kind);
            reply.bulk(channel);
            reply.bulk(message);
        });
        return clients.length;
    }

    /** @param words how many bytes of data the message has */
    private void push(Client[] clients, long words, Consumer<RespReply> writer) {
        Encoded encoded = new Encoded(words, writer);
        for (Client client : clients) {
            client.link().push(encoded.of(client.resp3()));
        }
        encoded.made();
    }

    /** Lets go of arrays of messages that have not been of use for a while. */
    public void letSparesGo() {
        spares.letGoUnused();
    }

    /** A message encoded at most once for each protocol. */
    private final class Encoded {
        /** What the words take that are no data, with the heads and ends of all words. */
        private static final int FRAME_BYTES = 128;

        /** For more than this, room is looked for before it is made. */
        private static final int MUCH_BYTES = 1 << 20;

        private final int words;
        private final Consumer<RespReply> writer;
        private @Nullable SharedBytes resp2;
        private @Nullable SharedBytes resp3;

        Encoded(long words, Consumer<RespReply> writer) {
            this.words = (int) Math.min(words, MUCH_BYTES);
            this.writer = writer;
        }

        SharedBytes of(boolean three) {
            SharedBytes bytes = three ? resp3 : resp2;
            if (bytes == null) {
                int room = words + FRAME_BYTES;
                byte[] spare = words < REUSED_BYTES ? null : spares.take(room);
                RespReply reply = new RespReply(spare == null ? new byte[room] : spare);
                reply.setResp3(three);
                writer.accept(reply);
                bytes = new SharedBytes(reply.array(), reply.size(), words < REUSED_BYTES ? null : spares);
                if (three) {
                    resp3 = bytes;
                } else {
                    resp2 = bytes;
                }
            }
            return bytes;
        }

        void made() {
            if (resp2 != null) {
                resp2.made();
            }
            if (resp3 != null) {
                resp3.made();
            }
        }
    }

    /** The names of a kind that have subscribers. */
    public Collection<Slice> names(Kind kind) {
        return map(kind).keySet();
    }

    /** How many clients are subscribed to a name. */
    public int subscribers(Kind kind, Slice name) {
        Client[] clients = map(kind).get(name);
        return clients == null ? 0 : clients.length;
    }
}
