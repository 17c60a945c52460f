package dev.holdfast.engine.client;

import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The clients of a store, by their numbers. Any thread may ask; what comes or goes meanwhile may or may not be seen. */
public final class Clients implements Iterable<Client> {
    private final Map<Long, Client> byId = new ConcurrentHashMap<>();
    private final AtomicLong lastId = new AtomicLong();

    public Clients() {}

    /** A number that no client has had. */
    public long nextId() {
        return lastId.incrementAndGet();
    }

    public void add(Client client) {
        byId.put(client.id(), client);
    }

    public void remove(Client client) {
        byId.remove(client.id());
    }

    /** The client with this number, or null if it has gone. */
    public @Nullable Client find(long id) {
        return byId.get(id);
    }

    /** Whether nothing that is sent to a client will be read: it has been disconnected, or has closed its end. */
    public boolean hasGone(Client client) {
        return client.isClosing()
                || find(client.id()) != client
                || client.link().hasEnded();
    }

    /** Ends a client's connection by another's order. It is no longer listed from now on. */
    public void kill(Client client) {
        remove(client);
        client.link().close(false);
    }

    public int size() {
        return byId.size();
    }

    public Stream<Client> stream() {
        return byId.values().stream();
    }

    @Override
    public Iterator<Client> iterator() {
        return byId.values().iterator();
    }
}
