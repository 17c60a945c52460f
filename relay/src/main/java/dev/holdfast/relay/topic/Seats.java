package dev.holdfast.relay.topic;

import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What clients hold as long as they are connected, counted over all processes: a user's streams and polls, of which there may be so
 * many, and a topic's listeners. Each is a member of a sorted set, with the time when it falls free. This process renews its own; those
 * of a process that has died fall free by themselves.
 */
final class Seats implements AutoCloseable {
    static final Duration RENEWED_EVERY = Duration.ofSeconds(15);
    private static final Duration LEASE = RENEWED_EVERY.multipliedBy(3);
    private static final Script TAKE = Script.of(Seats.class, "seat");
    private static final int AT_ONCE = 500;

    private static final Logger LOG = LoggerFactory.getLogger(Seats.class);

    private final Store store;
    private final Set<Seat> held = ConcurrentHashMap.newKeySet();

    /** One that is held until it is left. */
    record Seat(String key, String member) {}

    Seats(Store store) {
        this.store = store;
    }

    /** Takes a seat, or gives null if {@code most} are taken already. */
    @Nullable
    Seat take(String key, String member, long most) {
        Seat seat = new Seat(key, member);
        try {
            if (!store.call(taking(seat, most)).flag()) {
                return null;
            }
        } catch (CommandFailedException e) {
            // A store that is full, or takes no writes, can still be read from: then nothing is counted.
            LOG.debug("{} is not counted", key, e);
        }
        held.add(seat);
        return seat;
    }

    private Command taking(Seat seat, long most) {
        long now = store.millis();
        return Command.of(TAKE, List.of(seat.key), now, now + LEASE.toMillis(), seat.member, most);
    }

    void leave(Seat seat) {
        if (held.remove(seat)) {
            store.call("ZREM", seat.key, seat.member);
        }
    }

    /** The members of a set whose time is not over. */
    List<String> taken(String key) {
        return store.call("ZRANGEBYSCORE", key, store.millis(), "+inf").texts();
    }

    /** Takes all seats anew that this process has, those too that have fallen free while it could not reach the store. */
    void renew() {
        long until = store.millis() + LEASE.toMillis();
        inBatches((key, members) -> {
            List<Object> words = new ArrayList<>(1 + 2 * members.size());
            words.add(key);
            for (String member : members) {
                words.add(until);
                words.add(member);
            }
            return List.of(Command.of("ZADD", words.toArray()), Command.of("PEXPIREAT", key, until));
        });
    }

    /** Does something with what is held, for some members of one key at a time. */
    private void inBatches(BiFunction<String, List<String>, List<Command>> commands) {
        Map<String, List<String>> members = held.stream()
                .collect(Collectors.groupingBy(Seat::key, Collectors.mapping(Seat::member, Collectors.toList())));
        members.forEach((key, all) -> {
            for (int from = 0; from < all.size(); from += AT_ONCE) {
                List<String> some = all.subList(from, Math.min(from + AT_ONCE, all.size())).stream()
                        .filter(member -> held.contains(new Seat(key, member)))
                        .toList();
                if (!some.isEmpty()) {
                    store.pipeline(commands.apply(key, some));
                }
            }
        });
    }

    /** Leaves all seats. */
    @Override
    public void close() {
        inBatches((key, members) -> {
            List<Object> words = new ArrayList<>(List.of(key));
            words.addAll(members);
            return List.of(Command.of("ZREM", words.toArray()));
        });
        held.clear();
    }
}
