package dev.holdfast.conformance.access;

import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.server.Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** A Holdfast in this JVM, to be used directly or over a port that the system chooses. */
public final class OurServer implements Store {
    private final Holdfast store;
    private final Server server;

    /** A store with these parameters and their values, taken in pairs. */
    public OurServer(String... parameters) {
        this(null, InstantSource.system(), parameters);
    }

    /** One with files in a directory, or without any, and a clock of its own. */
    public OurServer(@Nullable Path directory, InstantSource clock, String... parameters) {
        Config config = new Config();
        try {
            config.set("port", "0");
            config.set("bind", "127.0.0.1");
            for (int i = 0; i < parameters.length; i += 2) {
                config.set(parameters[i], parameters[i + 1]);
            }
            store = directory == null ? Holdfast.open(config, clock) : Holdfast.open(directory, config, clock);
            server = new Server(store.engine());
            store.attach(server);
            server.start();
        } catch (ConfigException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public int port() {
        return server.port();
    }

    @Override
    public Session connect(Form form) {
        return form == Form.OBJECTS ? new EmbeddedSession(store) : new RespSession(port(), form);
    }

    @Override
    public void close() {
        store.close();
    }
}
