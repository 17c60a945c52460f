package dev.holdfast.toolkit.contract;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.server.Server;
import dev.holdfast.toolkit.store.EmbeddedStore;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreUri;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The stores that every contract test runs on. Each is started when it is first needed and serves all tests of the run; tests
 * begin with an empty one.
 */
@SuppressWarnings("ImmutableEnumChecker") // The constants stand for servers, which start late.
public enum Target {
    /** The engine, called in this JVM. Time is the test's. */
    EMBEDDED(Target::embedded),
    /** The same engine over RESP. */
    OURS(Target::ours),
    /** A real Valkey. */
    VALKEY(Target::real),
    /** A real cluster of three primaries. */
    CLUSTER(Target::cluster);

    /** Something that runs; {@code clock} is null where time cannot be moved. */
    private record Running(
            @Nullable Holdfast holdfast, @Nullable TestClock clock, String uri) {}

    private final Supplier<Running> start;
    private final List<Store> shared = new ArrayList<>();
    private @Nullable Running running;

    Target(Supplier<Running> start) {
        this.start = start;
    }

    /** Those that the property {@code holdfast.target} names, or all. */
    public static List<Target> chosen() {
        String wanted = System.getProperty("holdfast.target", "");
        return Arrays.stream(values())
                .filter(target -> wanted.isEmpty() || target.name().equalsIgnoreCase(wanted))
                .toList();
    }

    /** The single servers among those. */
    public static List<Target> servers() {
        return chosen().stream()
                .filter(target -> target == OURS || target == VALKEY)
                .toList();
    }

    private static Running embedded() {
        TestClock clock = new TestClock();
        return new Running(Holdfast.open(new Config(), clock), clock, "");
    }

    private static Running ours() {
        Config config = new Config();
        try {
            config.set("port", "0");
            config.set("bind", "127.0.0.1");
            Holdfast holdfast = Holdfast.open(config);
            Server server = new Server(holdfast.engine());
            holdfast.attach(server);
            server.start();
            return new Running(holdfast, null, "redis://127.0.0.1:" + server.port());
        } catch (ConfigException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Running real() {
        return new Running(
                null, null, "redis://127.0.0.1:" + RealServer.start(false).port());
    }

    private static Running cluster() {
        return new Running(null, null, RealCluster.start().uri());
    }

    private synchronized Running running() {
        Running found = running;
        if (found == null) {
            found = start.get();
            running = found;
        }
        return found;
    }

    public String uri() {
        return running().uri;
    }

    /** A way into the store that the test closes itself: another process, as far as the store can tell. */
    public Store open() {
        Holdfast holdfast = running().holdfast;
        return this == EMBEDDED && holdfast != null ? EmbeddedStore.over(holdfast, 0) : StoreUri.open(uri());
    }

    /** The {@code number}-th of the ways into the store that tests share. */
    synchronized Store shared(int number) {
        while (shared.size() <= number) {
            shared.add(open());
        }
        return shared.get(number);
    }

    /** Removes everything. */
    public void clear() {
        Store store = shared(0);
        store.scan("*", store::unlink);
    }

    /** Whether the test moves the time. */
    boolean hasTestClock() {
        return running().clock != null;
    }

    /** Lets time pass: moves the clock, or waits. */
    void pass(Duration time) {
        TestClock clock = running().clock;
        if (clock != null) {
            clock.advance(time.toMillis());
            return;
        }
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
