package dev.holdfast.conformance.access;

import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.execution.Engine;
import dev.holdfast.engine.execution.Lane;
import dev.holdfast.server.Server;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A Holdfast in this JVM, to be used directly or over a port that the system chooses. */
public final class OurServer implements Store {
    private final Engine engine;
    private final Lane lane;
    private final Server server;

    public OurServer() {
        Config config = new Config();
        try {
            config.set("port", "0");
            config.set("bind", "127.0.0.1");
        } catch (ConfigException e) {
            throw new IllegalStateException(e);
        }
        engine = new Engine(config, Clock.SYSTEM, AllCommands.list());
        lane = engine.statistics().newLane();
        server = new Server(engine);
        try {
            server.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public int port() {
        return server.port();
    }

    @Override
    public Session connect(Form form) {
        return form == Form.OBJECTS ? new EmbeddedSession(engine, lane) : new RespSession(port(), form);
    }

    @Override
    public void close() {
        server.close();
        engine.close();
    }
}
