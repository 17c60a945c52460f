package dev.holdfast.relay;

import dev.holdfast.relay.auth.AuthPages;
import dev.holdfast.relay.auth.DevicePages;
import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.console.Console;
import dev.holdfast.relay.console.ConsoleUsers;
import dev.holdfast.relay.cpe.CpePages;
import dev.holdfast.relay.health.HealthPages;
import dev.holdfast.relay.http.Handler;
import dev.holdfast.relay.http.HttpServer;
import dev.holdfast.relay.http.HttpSettings;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import dev.holdfast.relay.metrics.KeyMetrics;
import dev.holdfast.relay.metrics.Metrics;
import dev.holdfast.relay.topic.GroupPages;
import dev.holdfast.relay.topic.MessagePages;
import dev.holdfast.relay.topic.Relay;
import dev.holdfast.relay.topic.RelaySettings;
import dev.holdfast.relay.topic.StreamPages;
import dev.holdfast.relay.topic.TopicPages;
import dev.holdfast.server.Endpoint;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cpe.CpeDictionary;
import dev.holdfast.toolkit.store.EmbeddedStore;
import dev.holdfast.toolkit.store.Store;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A store over HTTP: health, metrics and the services that it offers to programs without a library. Nothing is served until a port
 * is opened.
 *
 * <pre>
 * try (Toolkit toolkit = Toolkit.open("embedded:");
 *         HttpFace http = HttpFace.serve(toolkit, 8080)) { … }    // on the loopback interface
 * </pre>
 */
public final class HttpFace implements AutoCloseable {
    private final HttpServer everything;
    private final Routes routes;
    private final HttpServer metricsAlone;
    private final HttpServer cpeAlone;
    private final @Nullable Relay relay;
    private final @Nullable Console console;

    /** The dictionary of the toolkit's own store, which is closed with this; null where there is another or none. */
    private final @Nullable Toolkit ownDictionary;

    private HttpFace(Builder builder) {
        Toolkit toolkit = builder.toolkit;
        MeterRegistry meters = toolkit.context().meters();
        HealthPages health = new HealthPages(toolkit.store());
        Metrics metrics = new Metrics(
                toolkit.store(),
                new KeyMetrics(builder.metricsKeys, database -> database(toolkit.store(), database)),
                meters);
        routes = new Routes()
                .get("/health", health::health)
                .get("/ready", health::ready)
                .get("/metrics", metrics::scrape);
        if (builder.dictionary == null && toolkit.store() instanceof EmbeddedStore embedded) {
            ownDictionary = Toolkit.builder()
                    .meters(meters)
                    .over(EmbeddedStore.over(embedded.holdfast(), CpeDictionary.DATABASE));
        } else {
            ownDictionary = null;
        }
        Toolkit dictionary = ownDictionary == null ? builder.dictionary : ownDictionary;
        Routes cpe = new Routes();
        if (dictionary != null) {
            CpePages pages = new CpePages(dictionary);
            pages.add(routes);
            pages.add(cpe);
        }
        cpeAlone = new HttpServer("cpe", cpe, builder.settings, meters);
        Login login = builder.login;
        Handler name = request -> Response.json(Map.of("name", "holdfast"));
        if (login != null) {
            Relay opened = new Relay(toolkit, login, builder.relaySettings);
            AuthPages auth = new AuthPages(toolkit, login);
            auth.add(routes);
            new DevicePages(login, auth).add(routes);
            login.first().add(routes);
            TopicPages topics = new TopicPages(opened);
            topics.add(routes);
            new GroupPages(opened, topics).add(routes);
            new MessagePages(opened).add(routes);
            new StreamPages(opened).add(routes);
            relay = opened;
            console = builder.consoleUsers == ConsoleUsers.NONE
                    ? null
                    : new Console(toolkit, login, auth, health, builder.consoleUsers, routes);
        } else {
            relay = null;
            console = null;
        }
        routes.get("/", console == null ? name : console.orElse(name));
        everything = new HttpServer("http", routes, builder.settings, meters);
        metricsAlone =
                new HttpServer("metrics", new Routes().get("/metrics", metrics::scrape), builder.settings, meters);
    }

    private static Store database(Store store, int database) {
        if (database == 0) {
            return store;
        }
        if (store instanceof EmbeddedStore embedded) {
            return EmbeddedStore.over(embedded.holdfast(), database);
        }
        throw new IllegalArgumentException("database " + database + " of " + store + " is not opened");
    }

    /** Begins the HTTP side of a toolkit's store. Close it before the toolkit. */
    public static Builder over(Toolkit toolkit) {
        return new Builder(toolkit);
    }

    /**
     * Serves everything on the loopback interface.
     *
     * @param port 0 lets the system choose
     * @throws IOException if the port is taken
     */
    public static HttpFace serve(Toolkit toolkit, int port) throws IOException {
        HttpFace face = over(toolkit).build();
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        try {
            face.serveAll(accept -> Endpoint.open(address, accept));
        } catch (IOException e) {
            face.close();
            throw e;
        }
        return face;
    }

    /** What can be chosen of it. */
    public static final class Builder {
        private final Toolkit toolkit;
        private HttpSettings settings = HttpSettings.DEFAULT;
        private List<String> metricsKeys = List.of();
        private @Nullable Toolkit dictionary;
        private @Nullable Login login;
        private RelaySettings relaySettings = RelaySettings.DEFAULT;
        private ConsoleUsers consoleUsers = ConsoleUsers.ADMINS;

        private Builder(Toolkit toolkit) {
            this.toolkit = toolkit;
        }

        /** The limits of its servers. */
        public Builder settings(HttpSettings limits) {
            this.settings = limits;
            return this;
        }

        /** Keys whose sizes are among the metrics: names or glob patterns, {@code dbN=} before those of another database. */
        public Builder metricsKeys(List<String> patterns) {
            this.metricsKeys = List.copyOf(patterns);
            return this;
        }

        /** The database with the names of products; unless given, database 8 of a store in this JVM. */
        public Builder dictionary(@Nullable Toolkit names) {
            this.dictionary = names;
            return this;
        }

        /** Serves the relay too, to users who log in. */
        public Builder relay(Login users, RelaySettings limits) {
            this.login = users;
            this.relaySettings = limits;
            return this;
        }

        /** Which users of the relay may use the console; unless chosen, administrators. */
        public Builder console(ConsoleUsers users) {
            this.consoleUsers = users;
            return this;
        }

        /**
         * @throws IllegalArgumentException if a key is in a database that the toolkit's store does not reach
         */
        public HttpFace build() {
            return new HttpFace(this);
        }
    }

    /**
     * Serves everything on one more address.
     *
     * @return the port
     * @throws IOException if the address cannot be had
     */
    public int serveAll(HttpServer.Listening listening) throws IOException {
        return everything.listen(listening);
    }

    /** As {@link #serveAll}, of metrics alone. */
    public int serveMetrics(HttpServer.Listening listening) throws IOException {
        return metricsAlone.listen(listening);
    }

    /** As {@link #serveAll}, of the dictionary of CPE names alone. */
    public int serveCpe(HttpServer.Listening listening) throws IOException {
        return cpeAlone.listen(listening);
    }

    /** What is answered, as {@code METHOD /path}. */
    public List<String> routes() {
        return routes.list();
    }

    /** Whether everything is served on some port. */
    public boolean isServed() {
        return everything.isListening();
    }

    /** The port on which everything was served first. */
    public int port() {
        return everything.port();
    }

    /** Stops listening, lets requests under way end, and closes every connection. */
    @Override
    public void close() {
        cpeAlone.close();
        metricsAlone.close();
        everything.close();
        if (console != null) {
            console.close();
        }
        if (relay != null) {
            relay.close();
        }
        if (ownDictionary != null) {
            ownDictionary.close();
        }
    }
}
