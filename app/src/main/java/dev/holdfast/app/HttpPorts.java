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
import dev.holdfast.relay.console.ConsoleUsers;
import dev.holdfast.relay.http.HttpServer;
import dev.holdfast.relay.http.HttpSettings;
import dev.holdfast.server.Endpoint;
import dev.holdfast.server.Server;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cpe.CpeDictionary;
import dev.holdfast.toolkit.store.StoreUri;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
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

    private final RelayEnvironment environment = new RelayEnvironment(System.getenv());
    private final HttpParameters parameters;
    private final Sockets plain;
    private final Sockets encrypted;
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
        this.toClose = toClose;
        HttpFace.Builder builder = HttpFace.over(toolkit)
                .dictionary(dictionary)
                .settings(HttpSettings.DEFAULT.trusting(names(parameters.hosts), names(parameters.origins)))
                .metricsKeys(words(parameters.metricsKeys));
        this.login = parameters.relay.get() ? environment.login(toolkit, parameters) : null;
        if (login != null) {
            builder.relay(login, environment.settings(parameters)).console(consoleUsers(parameters));
        }
        this.face = builder.build();
    }

    private static ConsoleUsers consoleUsers(HttpParameters parameters) {
        return switch (parameters.console.get()) {
            case "no" -> ConsoleUsers.NONE;
            case "all" -> ConsoleUsers.ALL;
            default -> ConsoleUsers.ADMINS;
        };
    }

    /** Does what needs the data: it has been loaded. */
    void loaded() {
        if (login == null || environment.addAdministrator(login)) {
            return;
        }
        String link = isLocal() ? login.first().newLink() : null;
        if (link != null) {
            // Not into the log: the link makes its holder the administrator.
            System.out.println("The relay has no users yet. Make the first within an hour: http://127.0.0.1:"
                    + face.port() + link);
        }
    }

    /** Whether HTTP is served on the loopback interface only. */
    private boolean isLocal() {
        return face.isServed()
                && Arrays.stream(parameters.bind.get().split(" +"))
                        .allMatch(each -> each.matches("-?(127\\..*|::1|localhost)"));
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
        // An embedded store has its dictionary beside it.
        Toolkit dictionary =
                uri.startsWith("embedded:") ? null : Toolkit.open(StoreUri.withDatabase(uri, CpeDictionary.DATABASE));
        return opened(new HttpPorts(
                parameters,
                Endpoint::open,
                (address, accept) -> Endpoint.openTls(address, config, parameters.tlsAuthClients.get(), accept),
                toolkit,
                dictionary,
                dictionary == null ? List.of(toolkit) : List.of(dictionary, toolkit)));
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
