package dev.holdfast.relay.auth;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Says who sent a request. */
public final class Login {
    private static final String PREFIX = "Bearer ";
    private static final int LEAST_SECRET = 32;

    private final Store store;
    private final Users users;
    private final Passwords passwords = new Passwords();
    private final Tokens tokens;
    private final ApiKeys keys;
    private final DeviceFlow devices;
    private final FirstUser first;
    private final @Nullable RequestRate rate;

    /** A user with what proved it. */
    public static final class Principal {
        private final User user;
        private final Credential credential;

        private Principal(User user, Credential credential) {
            this.user = user;
            this.credential = credential;
        }

        /** The user, with those permissions only that the request has. */
        public User user() {
            return user;
        }

        /** What proved it; equal for all that the same token or key has let in. */
        public Object credential() {
            return credential;
        }
    }

    /**
     * @param secret what tokens are signed with
     * @throws IllegalArgumentException if it is shorter than 32 characters, or the same one over and over
     */
    public Login(Toolkit toolkit, String secret) {
        this(toolkit, secret, 0);
    }

    /**
     * @param requestsPerMinute how many requests a user may send, over all processes; 0 for any number
     * @throws IllegalArgumentException as the other constructor
     */
    public Login(Toolkit toolkit, String secret, long requestsPerMinute) {
        if (secret.length() < LEAST_SECRET || secret.chars().distinct().count() < 8) {
            throw new IllegalArgumentException("the secret that tokens are signed with needs " + LEAST_SECRET
                    + " random characters; 'openssl rand -hex 32' makes one");
        }
        this.store = toolkit.store();
        this.users = new Users(store);
        this.tokens = new Tokens(store, secret);
        this.keys = new ApiKeys(store);
        this.devices = new DeviceFlow(store);
        this.first = new FirstUser(this);
        this.rate = requestsPerMinute == 0 ? null : new RequestRate(toolkit, requestsPerMinute);
    }

    public Users users() {
        return users;
    }

    Passwords passwords() {
        return passwords;
    }

    Tokens tokens() {
        return tokens;
    }

    ApiKeys keys() {
        return keys;
    }

    DeviceFlow devices() {
        return devices;
    }

    /** How the first user comes to be. */
    public FirstUser first() {
        return first;
    }

    /** Adds an administrator, or gives the one of this name this password. */
    public void bootstrap(String name, String password, String email) {
        User known = users.byName(name);
        if (known == null) {
            users.create(name, email, passwords.hash(password), Set.of(User.ADMIN, User.READ, User.WRITE));
        } else if (!passwords.matches(password, known.passwordHash())) {
            users.save(new User(
                    known.id(),
                    name,
                    email,
                    passwords.hash(password),
                    true,
                    known.createdAt(),
                    Set.of(User.ADMIN, User.READ, User.WRITE),
                    System.currentTimeMillis()));
        }
    }

    /**
     * Who sent a request: by a token or a key in {@code Authorization: Bearer}, or a key in {@code X-API-Key}.
     *
     * @throws HttpError 401 if neither is good, 403 if the user may not log in any more, 429 if the user sends too much
     */
    public Principal of(Request request) {
        String key = request.header("x-api-key");
        if (key != null) {
            return of(key);
        }
        String header = request.header("authorization");
        if (header == null || !header.regionMatches(true, 0, PREFIX, 0, PREFIX.length())) {
            throw unauthorized("Not authenticated");
        }
        return of(header.substring(PREFIX.length()).strip());
    }

    /** As {@link #of(Request)}, by the token or key itself. */
    public Principal of(String text) {
        Credential credential = ApiKeys.isKey(text) ? keys.verify(text) : tokens.read(text);
        User user = credential == null ? null : holder(credential);
        if (credential == null || user == null) {
            throw unauthorized("Invalid or expired token");
        }
        if (!user.active()) {
            throw new HttpError(403, "User is inactive");
        }
        if (rate != null) {
            rate.take(user.id());
        }
        return new Principal(
                credential instanceof ApiKeys.Key key ? user.limitedTo(key.permissions()) : user, credential);
    }

    /** Whose a credential is; null if there is no such user, or the credential has been ended. In one round trip, as every request asks. */
    private @Nullable User holder(Credential credential) {
        String id = credential.userId();
        if (!(credential instanceof Tokens.Access access)) {
            return users.byId(id);
        }
        List<Command> asked = new ArrayList<>(tokens.endings(access));
        asked.add(users.reading(id));
        List<Reply> answers = store.pipeline(asked);
        User user = users.user(id, answers.getLast());
        boolean ended = answers.subList(0, answers.size() - 1).stream()
                .anyMatch(answer -> answer.orThrow().flag());
        return ended || user == null || access.issuedMillis() < user.tokensAfterMillis() ? null : user;
    }

    /**
     * The token of a user who has logged in, as nothing else may be used for accounts and sessions.
     *
     * @throws HttpError 403 for a machine's key
     */
    Tokens.Access session(Principal principal) {
        if (principal.credential instanceof Tokens.Access access) {
            return access;
        }
        throw new HttpError(403, "an API key may not do this: log in");
    }

    /**
     * As {@link #of(Request)}, of a user who has a permission.
     *
     * @throws HttpError 403 if the user has it not
     */
    public Principal of(Request request, String permission) {
        return require(of(request), permission);
    }

    /** The same principal, if the user has a permission. */
    public static Principal require(Principal principal, String permission) {
        if (!principal.user.may(permission)) {
            throw new HttpError(403, "Permission '" + permission + "' required");
        }
        return principal;
    }

    /** The user as it is now, or null if what let the principal in no longer holds, but for the token's age; for what outlasts a token. */
    public @Nullable User current(Principal principal) {
        Credential credential = principal.credential;
        User user = holder(credential);
        if (user == null || !user.active()) {
            return null;
        }
        return credential instanceof ApiKeys.Key key
                ? keys.isVoid(key) ? null : user.limitedTo(key.permissions())
                : user;
    }

    static HttpError unauthorized(String detail) {
        return new HttpError(Response.error(401, detail).header("www-authenticate", "Bearer"));
    }
}
