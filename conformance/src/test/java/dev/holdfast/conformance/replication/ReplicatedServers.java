package dev.holdfast.conformance.replication;

import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.OurServer;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.conformance.access.Session;
import dev.holdfast.conformance.access.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;

/** Servers that a test has opened, ours and real ones, which end with it. */
abstract class ReplicatedServers {
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    <T extends AutoCloseable> T open(T server) {
        opened.addFirst(server);
        return server;
    }

    OurServer ours() {
        OurServer server = open(new OurServer("repl-diskless-sync-delay", "0", "io-threads", "2"));
        try (Session session = server.connect(Form.RESP2)) {
            // The system has chosen its port.
            session.run("CONFIG", "SET", "replica-announce-port", "" + server.port());
        }
        return server;
    }

    static int port(Store store) {
        return store instanceof OurServer ours ? ours.port() : ((RealServer) store).port();
    }

    static String info(Session session, String field) {
        Matcher matcher = Pattern.compile(field + ":(\\S+)")
                .matcher(session.run("INFO", "replication").text());
        return matcher.find() ? matcher.group(1) : "";
    }
}
