package dev.holdfast.relay.topic;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.relay.HttpFace;
import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.console.ConsoleUsers;
import dev.holdfast.server.Endpoint;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.store.Reply;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A relay over a store of its own, with an administrator and the user anna, who are logged in. */
final class RelayServer implements AutoCloseable {
    static final RelaySettings SETTINGS = new RelaySettings(1000, Duration.ofHours(1), 5, 5, 200_000, Layout.OWNED);
    static final String SECRET = "7c1b0f5e9a3d4c2b8e6f1a0d9c8b7a65";

    /**
     * What the first server's administrator and first user left in the store: those after it begin with that, since passwords take long
     * to hash on purpose.
     */
    private static final Map<String, Object> PREPARED = new ConcurrentHashMap<>();

    private static String adminToken = "";
    private static String annaToken = "";
    private static long preparedNanos;

    final Holdfast store = Holdfast.open();
    final Toolkit toolkit = Toolkit.over(store);
    final Login login;
    final HttpFace face;
    final RelayClient admin;
    final RelayClient anna;

    RelayServer() throws Exception {
        this(SETTINGS);
    }

    RelayServer(RelaySettings settings) throws Exception {
        this(settings, 0);
    }

    RelayServer(RelaySettings settings, long requestsPerMinute) throws Exception {
        login = new Login(toolkit, SECRET, requestsPerMinute);
        face = serve(toolkit, login, settings);
        admin = new RelayClient(face.port());
        anna = new RelayClient(face.port());
        // Tokens live ten minutes.
        if (PREPARED.isEmpty()
                || System.nanoTime() - preparedNanos > Duration.ofMinutes(3).toNanos()) {
            prepare();
            return;
        }
        PREPARED.forEach((key, dump) -> store.call("RESTORE", key, 0, dump));
        admin.token = adminToken;
        anna.token = annaToken;
    }

    private static HttpFace serve(Toolkit toolkit, Login login, RelaySettings settings) throws Exception {
        HttpFace face = HttpFace.over(toolkit)
                .relay(login, settings)
                .console(ConsoleUsers.ALL)
                .build();
        face.serveAll(accept -> Endpoint.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), accept));
        return face;
    }

    /** One more process of the same relay, as far as the store can tell. */
    HttpFace another() throws Exception {
        return another(SETTINGS);
    }

    HttpFace another(RelaySettings settings) throws Exception {
        return serve(toolkit, login, settings);
    }

    private void prepare() throws Exception {
        login.bootstrap("admin", "an admin's password", "");
        admin.login("admin", "an+admin%27s+password");
        register("anna", "\"read\",\"write\"");
        anna.login("anna", "password+of+anna");
        PREPARED.clear();
        for (byte[] key : toolkit.store().call("KEYS", "*").list().stream()
                .map(Reply::bytes)
                .toList()) {
            String name = new String(key, StandardCharsets.UTF_8);
            PREPARED.put(name, toolkit.store().call("DUMP", name).bytes());
        }
        adminToken = admin.token;
        annaToken = anna.token;
        preparedNanos = System.nanoTime();
    }

    void register(String name, String permissions) throws Exception {
        admin.post(
                        "/auth/register",
                        "{\"username\":\"" + name + "\",\"password\":\"password of " + name + "\",\"permissions\":["
                                + permissions + "]}")
                .expect(201);
    }

    /** A user who is registered and logged in. */
    RelayClient user(String name, String permissions) throws Exception {
        register(name, permissions);
        RelayClient client = new RelayClient(face.port());
        client.login(name, "password+of+" + name);
        return client;
    }

    /** The key of the stream of a topic of anna's. */
    String stream(String topic) throws Exception {
        return "stream:topic:" + anna.get("/auth/me").json().get("user_id").asString() + "/" + topic;
    }

    @Override
    public void close() {
        admin.close();
        anna.close();
        face.close();
        toolkit.close();
        store.close();
    }
}
