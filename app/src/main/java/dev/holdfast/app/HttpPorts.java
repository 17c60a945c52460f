package dev.holdfast.app;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.HttpParameters;
import dev.holdfast.engine.config.NumberParameter;
import dev.holdfast.engine.config.TextParameter;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.relay.HttpFace;
import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.http.HttpServer;
import dev.holdfast.relay.http.HttpSettings;
import dev.holdfast.relay.topic.RelaySettings;
import dev.holdfast.server.Endpoint;
import dev.holdfast.server.Server;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cpe.CpeDictionary;
import dev.holdfast.toolkit.store.StoreUri;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program's HTTP ports, as its configuration asks for them. */
final class HttpPorts implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpPorts.class);
    private static final String SECRET = "PULSAR_JWT_SECRET_KEY";

    private final HttpParameters parameters;
    private final Sockets plain;
    private final Sockets encrypted;
    private final Toolkit toolkit;
    private final List<AutoCloseable> toClose;
    private final @Nullable Login login;
    private final HttpFace face;

    /** @param toClose what is closed after the ports, one after the other */
    private HttpPorts(
            HttpParameters parameters,
            Sockets plain,
            Sockets encrypted,
            Toolkit toolkit,
            @Nullable Toolkit dictionary,
            List<AutoCloseable> toClose)
            throws IOException {
        this.parameters = parameters;
        this.plain = plain;
        this.encrypted = encrypted;
        this.toolkit = toolkit;
        this.toClose = toClose;
        HttpFace.Builder builder = HttpFace.over(toolkit)
                .dictionary(dictionary)
                .settings(HttpSettings.DEFAULT.trusting(names(parameters.hosts), names(parameters.origins)))
                .metricsKeys(words(parameters.metricsKeys));
        this.login = parameters.relay.get() ? login() : null;
        if (login != null) {
            builder.relay(login, relaySettings(parameters));
        }
        this.face = builder.build();
    }

    /** The relay's limits: from the configuration, else from the environment under the names of pulsar-relay, which may lack its prefix. */
    private static RelaySettings relaySettings(HttpParameters parameters) throws IOException {
        return RelaySettings.DEFAULT
                .keeping(
                        limit(parameters.relayMaxMessages, "MAX_MESSAGES_PER_TOPIC"),
                        Duration.ofSeconds(limit(parameters.relayRetention, "PERSISTENT_TIER_RETENTION")))
                .streams((int) environment("WS_MAX_PER_USER", RelaySettings.DEFAULT.streamsPerUser()));
    }

    private static long limit(NumberParameter parameter, String variable) throws IOException {
        return parameter.isChosen() ? parameter.get() : environment(variable, parameter.get());
    }

    private static long environment(String variable, long otherwise) throws IOException {
        String text = System.getenv()
                .getOrDefault("PULSAR_" + variable, System.getenv().getOrDefault(variable, ""));
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            long number = Long.parseLong(text);
            if (number >= 1 && number <= Integer.MAX_VALUE) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new IOException(variable + " must be a whole number from 1 to " + Integer.MAX_VALUE);
    }

    /** Who may use the relay. What tokens are signed with comes from the environment, which other users of the machine do not see. */
    private Login login() throws IOException {
        try {
            return new Login(toolkit, System.getenv().getOrDefault(SECRET, ""));
        } catch (IllegalArgumentException e) {
            throw new IOException("The relay does not start: " + SECRET + " is missing or weak: " + e.getMessage(), e);
        }
    }

    /** Does what needs the data: it has been loaded. */
    void loaded() {
        String name = System.getenv().getOrDefault("PULSAR_BOOTSTRAP_ADMIN_USERNAME", "");
        String password = System.getenv().getOrDefault("PULSAR_BOOTSTRAP_ADMIN_PASSWORD", "");
        if (login != null && !name.isEmpty() && !password.isEmpty()) {
            login.bootstrap(name, password, System.getenv().getOrDefault("PULSAR_BOOTSTRAP_ADMIN_EMAIL", ""));
            LOG.info("The relay's administrator is {}", name);
        }
    }

    private static List<String> words(TextParameter parameter) {
        return Arrays.stream(parameter.get().split(" +"))
                .filter(word -> !word.isEmpty())
                .toList();
    }

    /** The same in small letters, as names of hosts are compared. */
    private static Set<String> names(TextParameter parameter) {
        return words(parameter).stream()
                .map(word -> word.toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet());
    }

    /**
     * Opens the ports of a server's store, on its event loops.
     *
     * @throws IOException if one that was asked for cannot be had
     */
    static HttpPorts open(Engine engine, Server server) throws IOException {
        Holdfast store = Holdfast.over(engine);
        Toolkit toolkit = Toolkit.over(store);
        HttpParameters parameters = engine.config().http;
        return opened(new HttpPorts(
                parameters,
                server::open,
                (address, accept) -> server.openTls(address, parameters.tlsAuthClients.get(), accept),
                toolkit,
                null,
                List.of(toolkit, store)));
    }

    /**
     * Opens ports over a store elsewhere.
     *
     * @param uri the store's
     * @throws IOException if one that was asked for cannot be had
     */
    static HttpPorts open(Config config, String uri) throws IOException {
        HttpParameters parameters = config.http;
        Toolkit toolkit = Toolkit.open(uri);
        Toolkit dictionary = Toolkit.open(StoreUri.withDatabase(uri, CpeDictionary.DATABASE));
        return opened(new HttpPorts(
                parameters,
                Endpoint::open,
                (address, accept) -> Endpoint.openTls(address, config, parameters.tlsAuthClients.get(), accept),
                toolkit,
                dictionary,
                List.of(dictionary, toolkit)));
    }

    private static HttpPorts opened(HttpPorts ports) throws IOException {
        try {
            ports.listen(ports.parameters.port, ports.plain, ports.face::serveAll);
            ports.listen(ports.parameters.tlsPort, ports.encrypted, ports.face::serveAll);
            ports.listen(ports.parameters.metricsPort, ports.plain, ports.face::serveMetrics);
            ports.listen(ports.parameters.cpePort, ports.plain, ports.face::serveCpe);
        } catch (IOException e) {
            ports.close();
            throw e;
        }
        return ports;
    }

    /** Opens a port. */
    @FunctionalInterface
    private interface Sockets {
        Endpoint open(InetSocketAddress address, Consumer<Channel> accept) throws IOException;
    }

    /** Serves on a port. */
    @FunctionalInterface
    private interface Service {
        int serve(HttpServer.Listening listening) throws IOException;
    }

    private void listen(NumberParameter port, Sockets sockets, Service service) throws IOException {
        if (port.get() == 0) {
            return;
        }
        for (String each : parameters.bind.get().split(" +")) {
            boolean optional = each.startsWith("-");
            String host = optional ? each.substring(1) : each;
            try {
                service.serve(accept -> sockets.open(address(host, port.getInt()), accept));
                LOG.info("Serving {} on {}:{}", port == parameters.tlsPort ? "https" : "http", host, port.get());
            } catch (IOException e) {
                if (optional) {
                    LOG.debug("Not listening on {}: {}", host, e.getMessage());
                } else if (port.isChosen()) {
                    throw e;
                } else {
                    LOG.info("No HTTP: {}. Choose another port with '{}', or 0 for none.", e.getMessage(), port.name());
                    return;
                }
            }
        }
    }

    private static InetSocketAddress address(String host, int port) {
        return switch (host) {
            case "*" -> new InetSocketAddress("0.0.0.0", port);
            case "::*" -> new InetSocketAddress("::", port);
            default -> new InetSocketAddress(host, port);
        };
    }

    @Override
    public void close() {
        face.close();
        for (AutoCloseable each : toClose) {
            try {
                each.close();
            } catch (Exception e) {
                LOG.warn("Closing {} failed: {}", each, Reason.of(e));
            }
        }
    }
}
