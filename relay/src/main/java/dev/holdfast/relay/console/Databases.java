package dev.holdfast.relay.console;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.store.EmbeddedStore;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The databases of the store: of one in this JVM all, of another the one that its URI names. */
final class Databases implements AutoCloseable {
    private final Toolkit toolkit;
    private final Map<Integer, Toolkit> others = new ConcurrentHashMap<>();

    Databases(Toolkit toolkit) {
        this.toolkit = toolkit;
    }

    Store store(int number) {
        return toolkit(number).store();
    }

    /**
     * The toolkit over a database.
     *
     * @throws HttpError 404 if there is none
     */
    Toolkit toolkit(int number) {
        if (number == 0) {
            return toolkit;
        }
        if (!(toolkit.store() instanceof EmbeddedStore embedded) || number >= count()) {
            throw new HttpError(404, "database " + number + " is not reached from here");
        }
        return others.computeIfAbsent(
                number, database -> Toolkit.over(EmbeddedStore.over(embedded.holdfast(), database)));
    }

    private int count() {
        Reply answer = toolkit.store().call("CONFIG", "GET", "databases");
        return Integer.parseInt(answer.field("databases").text());
    }

    /** The numbers that can be asked for: the first and those that have keys. */
    List<Integer> used(ServerLook look) {
        List<Integer> used = new ArrayList<>(List.of(0));
        if (toolkit.store() instanceof EmbeddedStore) {
            for (String name : look.info().getOrDefault("keyspace", Map.of()).keySet()) {
                if (name.matches("db[1-9]\\d{0,5}")) {
                    used.add(Integer.parseInt(name.substring(2)));
                }
            }
        }
        return used;
    }

    @Override
    public void close() {
        for (Toolkit other : others.values()) {
            other.close();
            other.store().close();
        }
    }
}
