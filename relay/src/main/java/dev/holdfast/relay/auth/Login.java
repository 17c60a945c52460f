package dev.holdfast.relay.auth;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.store.Store;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Says who sent a request. */
public final class Login {
    private static final String PREFIX = "Bearer ";
    private static final int LEAST_SECRET = 32;

    private final Users users;
    private final Passwords passwords = new Passwords();
    private final Tokens tokens;

    /** A user with the token that proved it. */
    public static final class Principal {
        private final User user;
        private final Tokens.Access access;

        private Principal(User user, Tokens.Access access) {
            this.user = user;
            this.access = access;
        }

        public User user() {
            return user;
        }

        Tokens.Access access() {
            return access;
        }
    }

    /**
     * @param secret what tokens are signed with
     * @throws IllegalArgumentException if it is shorter than 32 characters, or the same one over and over
     */
    public Login(Toolkit toolkit, String secret) {
        if (secret.length() < LEAST_SECRET || secret.chars().distinct().count() < 8) {
            throw new IllegalArgumentException("the secret that tokens are signed with needs " + LEAST_SECRET
                    + " characters that nobody can guess; 'openssl rand -hex 32' makes one");
        }
        Store store = toolkit.store();
        this.users = new Users(store);
        this.tokens = new Tokens(store, secret);
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
     * Who sent a request.
     *
     * @throws HttpError 401 if it has no good token, 403 if the user may not log in any more
     */
    public Principal of(Request request) {
        String header = request.header("authorization");
        if (header == null || !header.regionMatches(true, 0, PREFIX, 0, PREFIX.length())) {
            throw unauthorized("Not authenticated");
        }
        return of(header.substring(PREFIX.length()).strip());
    }

    /** As {@link #of(Request)}, by the token itself. */
    public Principal of(String token) {
        Tokens.Access access = tokens.verify(token);
        if (access == null) {
            throw unauthorized("Invalid or expired token");
        }
        User user = users.byId(access.userId());
        if (user == null || access.issuedMillis() < user.tokensAfterMillis()) {
            throw unauthorized("Invalid or expired token");
        }
        if (!user.active()) {
            throw new HttpError(403, "User is inactive");
        }
        return new Principal(user, access);
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

    /** Whether what let a principal in still holds, but for the token's age; for what lasts longer than a token. */
    public boolean isStillIn(Principal principal, String permission) {
        @Nullable User user = users.byId(principal.user.id());
        return user != null
                && user.active()
                && user.may(permission)
                && principal.access.issuedMillis() >= user.tokensAfterMillis()
                && !tokens.isVoid(principal.access);
    }

    static HttpError unauthorized(String detail) {
        return new HttpError(Response.error(401, detail).header("www-authenticate", "Bearer"));
    }
}
