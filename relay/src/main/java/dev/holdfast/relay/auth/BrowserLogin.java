package dev.holdfast.relay.auth;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The login of a page in a browser: an access token in a cookie that scripts cannot read, that other sites' pages do not send, and that is
 * renewed while the page is open.
 *
 * <p>A page that is closed is logged out with the token, and one that stays open after {@link #LONGEST}; the token's family says when it
 * began. Tabs share the cookie. A request that changes something must have the header {@value #HEADER} beside it: no page of another
 * origin can send that one unasked.
 */
public final class BrowserLogin {
    /** After this time one logs in again. */
    public static final Duration LONGEST = Duration.ofHours(12);

    /** What a page of this server sends with each request that changes something. */
    public static final String HEADER = "x-holdfast-console";

    private static final String COOKIE = "holdfast-console";
    private static final Pattern VALUE = Pattern.compile("(?:^|; ?)" + COOKIE + "=([A-Za-z0-9._-]+)");
    private static final String FAMILY = "browser-";

    private final Login login;
    private final AuthPages pages;
    private final Store store;
    private final String path;
    private final String needs;

    /**
     * @param path the cookie is sent with requests that begin with it
     * @param needs the permission without which one does not get in
     */
    public BrowserLogin(Login login, AuthPages pages, Store store, String path, String needs) {
        this.login = login;
        this.pages = pages;
        this.store = store;
        this.path = path;
        this.needs = needs;
    }

    private static @Nullable String cookie(Request request) {
        String all = request.header("cookie");
        Matcher found = VALUE.matcher(all == null ? "" : all);
        return found.find() ? found.group(1) : null;
    }

    /**
     * Who sent a request, by the cookie, or as {@link Login#of(Request)}.
     *
     * @throws HttpError 401 or 403
     */
    public Login.Principal of(Request request) {
        return Login.require(anyone(request), needs);
    }

    /** As {@link #of(Request)}, of a user who has a permission. */
    public Login.Principal of(Request request, String permission) {
        return Login.require(of(request), permission);
    }

    private Login.Principal anyone(Request request) {
        String token = cookie(request);
        if (token == null || request.header("authorization") != null || request.header("x-api-key") != null) {
            return login.of(request);
        }
        if (!request.method().equals("GET") && request.header(HEADER) == null) {
            throw new HttpError(403, "send the header " + HEADER + " with the cookie");
        }
        return login.of(token);
    }

    /** Whether what let a principal in still holds. */
    public boolean isStillIn(Login.Principal principal) {
        User user = login.current(principal);
        return user != null && user.may(needs);
    }

    /**
     * The user whose {@code username} and {@code password} a form has.
     *
     * @throws HttpError 401, 403 or 422
     */
    public User logIn(Request request) {
        request.form();
        if (request.header(HEADER) == null) {
            throw new HttpError(422, "send the header " + HEADER);
        }
        User user = pages.byPassword(request);
        if (!user.may(needs)) {
            throw new HttpError(403, "Permission '" + needs + "' required");
        }
        return user;
    }

    /** Adds the cookie of a new login. */
    public Response begin(User user, Request request, Response response) {
        return with(login.tokens().access(user, FAMILY + store.millis() + "-" + Tokens.newFamily()), request, response);
    }

    /** Adds a younger token to a response to one who has logged in by the cookie, unless the login is too old. */
    public Response renew(Login.Principal principal, Request request, Response response) {
        String token = cookie(request);
        if (token == null || !(principal.credential() instanceof Tokens.Access access)) {
            return response;
        }
        String family = access.family();
        int end = family.indexOf('-', FAMILY.length());
        boolean young = family.startsWith(FAMILY)
                && end > 0
                && store.millis() - Long.parseLong(family.substring(FAMILY.length(), end)) < LONGEST.toMillis();
        return young ? with(login.tokens().access(principal.user(), family), request, response) : response;
    }

    /** Ends the login of a request. */
    public Response end(Request request, Response response) {
        if (cookie(request) != null) {
            login.tokens().end(login.session(anyone(request)));
        }
        return response.header("set-cookie", COOKIE + "=; Path=" + path + "; Max-Age=0; HttpOnly; SameSite=Strict");
    }

    private Response with(String token, Request request, Response response) {
        boolean encrypted = request.isEncrypted() || "https".equals(request.header("x-forwarded-proto"));
        return response.header(
                        "set-cookie",
                        COOKIE + "=" + token + "; Path=" + path + "; Max-Age=" + Tokens.ACCESS.toSeconds()
                                + "; HttpOnly; SameSite=Strict" + (encrypted ? "; Secure" : ""))
                .header("cache-control", "no-store");
    }
}
