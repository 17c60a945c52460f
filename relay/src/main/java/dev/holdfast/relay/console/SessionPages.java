package dev.holdfast.relay.console;

import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import java.util.Map;
import java.util.TreeSet;

/** Logging in and out, and who is in. */
final class SessionPages {
    private static final int LITTLE = 16 * 1024;

    private final Access access;

    SessionPages(Access access) {
        this.access = access;
    }

    void add(Routes routes) {
        routes.add("POST", "/console/api/session", LITTLE, this::begin)
                .get("/console/api/session", this::show)
                .add("DELETE", "/console/api/session", LITTLE, this::end);
    }

    private static Response page(User user) {
        return Response.json(Map.of("username", user.name(), "permissions", new TreeSet<>(user.permissions())));
    }

    private Response begin(Request request) {
        User user = access.login().logIn(request);
        return access.login().begin(user, request, page(user));
    }

    /** Asking keeps a page that is open logged in. */
    private Response show(Request request) {
        Login.Principal principal = access.login().of(request);
        return access.login().renew(principal, request, page(principal.user()));
    }

    private Response end(Request request) {
        access.login().of(request);
        return access.login().end(request, Response.empty(204));
    }
}
