package dev.holdfast.relay.console;

import dev.holdfast.relay.auth.AuthPages;
import dev.holdfast.relay.auth.BrowserLogin;
import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.health.HealthPages;
import dev.holdfast.relay.http.Handler;
import dev.holdfast.relay.http.Routes;
import dev.holdfast.toolkit.Toolkit;

/**
 * The console: a page at {@code /}, and under {@code /console/api} what it asks for. Each request has a bounded amount of work; what is
 * left is fetched from a cursor.
 */
public final class Console implements AutoCloseable {
    private final Frame frame = new Frame();
    private final Databases databases;
    private final KeyPages keys;
    private final LivePages live;

    /**
     * @param routes what the console's are added to
     * @param users all with permission to read, or administrators
     */
    @SuppressWarnings("exports") // It is made by the HTTP face alone.
    public Console(
            Toolkit toolkit, Login login, AuthPages auth, HealthPages health, ConsoleUsers users, Routes routes) {
        databases = new Databases(toolkit);
        String needs = users == ConsoleUsers.ALL ? User.READ : User.ADMIN;
        Access access = new Access(new BrowserLogin(login, auth, toolkit.store(), "/console/", needs));
        keys = new KeyPages(access, databases);
        live = new LivePages(access, new Overview(toolkit.store(), databases, health));
        frame.add(routes);
        new SessionPages(access).add(routes);
        live.add(routes);
        keys.add(routes);
        new ValuePages(access, databases).add(routes);
    }

    /** The page for browsers; other clients are answered as before. */
    public Handler orElse(Handler others) {
        return request -> Frame.isWanted(request) ? frame.page(request) : others.handle(request);
    }

    @Override
    public void close() {
        live.close();
        keys.close();
        databases.close();
    }
}
