package dev.holdfast.relay.auth;

import dev.holdfast.relay.http.Fields;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.limit.Decision;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@code /auth}: login, tokens, users. Paths and bodies are those of pulsar-relay. */
public final class AuthPages {
    private static final Set<String> PERMISSIONS = Set.of(User.ADMIN, User.READ, User.WRITE);
    static final int LEAST_PASSWORD = 8;
    private static final int MOST_PASSWORD = 1024;
    private static final int MOST_KEY_DAYS = 3650;

    private final Toolkit toolkit;
    private final Login login;
    private final RateLimiter attempts;

    public AuthPages(Toolkit toolkit, Login login) {
        this.toolkit = toolkit;
        this.login = login;
        this.attempts = toolkit.rateLimiter("relay:login:")
                .limit(Limit.slidingLog(10, Duration.ofMinutes(1)))
                .build();
    }

    public void add(Routes routes) {
        int little = 16 * 1024;
        routes.add("POST", "/auth/login", little, this::logIn)
                .add("POST", "/auth/logout", little, this::logOut)
                .add("POST", "/auth/register", little, this::register)
                .get("/auth/me", request -> page(200, login.of(request).user()))
                .get("/auth/users", this::list)
                .get("/auth/users/stats", this::count)
                .add("PATCH", "/auth/users/{id}", little, this::change)
                .delete("/auth/users/{id}", this::remove)
                .add("POST", "/auth/token/refresh", little, this::refresh)
                .add("POST", "/auth/token/revoke", little, this::revoke)
                .get(
                        "/auth/sessions",
                        request -> Response.json(login.tokens()
                                .sessions(login.session(login.of(request)).userId())))
                .delete("/auth/sessions/{jti}", this::endSession)
                .add("POST", "/auth/keys", little, this::createKey)
                .get(
                        "/auth/keys",
                        request -> Response.json(login.keys()
                                .list(login.session(login.of(request)).userId())))
                .delete("/auth/keys/{id}", this::revokeKey);
    }

    private Response page(int status, User user) {
        return Response.json(status, user.page(login.users().ownedTopics(user)));
    }

    // ---- sessions ----

    private Response logIn(Request request) {
        return tokens(byPassword(request), Tokens.newFamily(), "password-login");
    }

    /** The user whose name and password a form has. */
    User byPassword(Request request) {
        Map<String, List<String>> form = request.form();
        String name = first(form, "username");
        String password = first(form, "password");
        throttle(name + "@" + request.remoteAddress());
        User user = login.users().byName(name);
        if (!login.passwords().matches(password, user == null ? "" : user.passwordHash()) || user == null) {
            throw Login.unauthorized("Incorrect username or password");
        }
        if (!user.active()) {
            throw new HttpError(403, "User account is inactive");
        }
        return user;
    }

    void throttle(String who) {
        Decision decision = attempts.tryAcquire(who);
        if (!decision.allowed()) {
            throw RequestRate.tooMany(decision);
        }
    }

    static String first(Map<String, List<String>> form, String field) {
        List<String> values = form.get(field);
        if (values == null || values.getFirst().isEmpty() || values.getFirst().length() > MOST_PASSWORD) {
            throw new HttpError(422, field + " is required, with at most " + MOST_PASSWORD + " characters");
        }
        return values.getFirst();
    }

    private Response tokens(User user, String family, String hint) {
        return Response.json(pair(user, family, hint)).header("cache-control", "no-store");
    }

    /** An access token and a refresh token, as they are answered. */
    Map<String, Object> pair(User user, String family, String hint) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("access_token", login.tokens().access(user, family));
        answer.put("token_type", "bearer");
        answer.put("expires_in", Tokens.ACCESS.toSeconds());
        answer.put("refresh_token", login.tokens().refresh(user.id(), family, hint));
        return answer;
    }

    private Response logOut(Request request) {
        login.tokens().end(login.session(login.of(request)));
        return Response.empty(204);
    }

    private Response refresh(Request request) {
        Tokens.Exchange exchange = login.tokens().exchange(Fields.of(request).text("refresh_token", 1, 200));
        User user = exchange == null ? null : login.users().byId(exchange.userId());
        if (exchange == null || user == null || !user.active() || exchange.issuedMillis() < user.tokensAfterMillis()) {
            throw Login.unauthorized("invalid refresh token");
        }
        return tokens(user, exchange.family(), "refresh");
    }

    private Response revoke(Request request) {
        login.tokens().revoke(Fields.of(request).text("refresh_token", 1, 200));
        return Response.empty(204);
    }

    private Response endSession(Request request) {
        if (!login.tokens().endSession(login.session(login.of(request)).userId(), request.pathParameter("jti"))) {
            throw new HttpError(404, "session not found");
        }
        return Response.empty(204);
    }

    // ---- keys for machines ----

    private Response createKey(Request request) {
        Login.Principal principal = login.of(request);
        String userId = login.session(principal).userId();
        Fields fields = Fields.of(request);
        String name = fields.text("name", 1, 100);
        Set<String> permissions = fields.has("permissions")
                ? permissions(fields)
                : principal.user().permissions();
        if (permissions.isEmpty() || !principal.user().permissions().containsAll(permissions)) {
            throw new HttpError(403, "a key may do what its user may, and something");
        }
        long days = fields.number("expires_in_days", 0, 1, MOST_KEY_DAYS);
        ApiKeys.Made made = login.keys().create(userId, name, permissions, days == 0 ? null : Duration.ofDays(days));
        if (made == null) {
            throw new HttpError(409, "a user has at most " + ApiKeys.MOST_PER_USER + " keys");
        }
        return Response.json(201, Map.of("key_id", made.id(), "name", name, "key", made.text()))
                .header("cache-control", "no-store");
    }

    private Response revokeKey(Request request) {
        if (!login.keys().revoke(login.session(login.of(request)).userId(), request.pathParameter("id"))) {
            throw new HttpError(404, "key not found");
        }
        return Response.empty(204);
    }

    // ---- users ----

    private Response register(Request request) {
        login.of(request, User.ADMIN);
        Fields fields = Fields.of(request);
        String name = checkedName(fields.text("username", 3, 50));
        User user = login.users()
                .create(
                        name,
                        fields.text("email", "", 255),
                        login.passwords().hash(fields.text("password", LEAST_PASSWORD, MOST_PASSWORD)),
                        fields.has("permissions") ? permissions(fields) : Set.of());
        if (user == null) {
            throw new HttpError(400, "Username '" + name + "' already exists");
        }
        return page(201, user);
    }

    /**
     * A name that a user may have.
     *
     * @throws HttpError 422 if it is none
     */
    static String checkedName(String name) {
        if (!name.matches("[A-Za-z0-9_.@-]{3,50}")) {
            throw new HttpError(422, "username: has 3 to 50 letters, digits and _ . @ -");
        }
        return name;
    }

    private static Set<String> permissions(Fields fields) {
        List<String> chosen = fields.texts("permissions", 0, 3);
        if (!PERMISSIONS.containsAll(chosen)) {
            throw fields.invalid("permissions", "must be of admin, read, write");
        }
        return Set.copyOf(chosen);
    }

    private Response list(Request request) {
        login.of(request, User.ADMIN);
        return Response.json(login.users().all().stream()
                .map(user -> user.page(login.users().ownedTopics(user)))
                .toList());
    }

    private Response count(Request request) {
        login.of(request, User.ADMIN);
        List<User> users = login.users().all();
        return Response.json(Map.of(
                "total_users", users.size(),
                "active_users", users.stream().filter(User::active).count()));
    }

    private User chosen(Request request) {
        String id = request.pathParameter("id");
        User user = login.users().byId(id);
        if (user == null) {
            throw new HttpError(404, "User with ID '" + id + "' not found");
        }
        return user;
    }

    private Response change(Request request) {
        login.of(request, User.ADMIN);
        User user = chosen(request);
        Fields fields = Fields.of(request);
        boolean password = fields.has("password");
        boolean active = fields.flag("is_active", user.active());
        User changed = new User(
                user.id(),
                user.name(),
                fields.text("email", user.email(), 255),
                password
                        ? login.passwords().hash(fields.text("password", LEAST_PASSWORD, MOST_PASSWORD))
                        : user.passwordHash(),
                active,
                user.createdAt(),
                fields.has("permissions") ? permissions(fields) : user.permissions(),
                // A new password, and an end, hold for those who are logged in as well.
                password || !active ? toolkit.store().millis() : user.tokensAfterMillis());
        login.users().save(changed);
        return page(200, changed);
    }

    private Response remove(Request request) {
        User self = login.of(request, User.ADMIN).user();
        User user = chosen(request);
        if (user.id().equals(self.id())) {
            throw new HttpError(400, "Cannot delete your own user account");
        }
        login.keys().revokeAll(user.id());
        login.users().delete(user);
        return Response.empty(204);
    }
}
