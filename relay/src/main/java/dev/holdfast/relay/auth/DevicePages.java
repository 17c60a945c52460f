package dev.holdfast.relay.auth;

import dev.holdfast.relay.http.Fields;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code /auth/device}: the login of programs without a browser, and the page on which a user approves it. */
public final class DevicePages {
    private static final String HTML = "text/html; charset=utf-8";
    private static final int MOST_HINT = 200;

    private static final String PAGE = """
            <!doctype html>
            <html lang="en"><meta charset="utf-8"><title>Approve a device</title>
            <style>body { font-family: system-ui; max-width: 32em; margin: 3em auto; padding: 0 1em }
            label { display: block; margin: .8em 0 } input { font-size: 1.1em; width: 100% } button { margin: .8em .8em 0 0 }</style>
            <h1>Approve a device</h1>
            <p>{says}</p>
            <form method="post" action="/auth/device">
            <label>Code shown by the device <input name="user_code" value="{code}" autocomplete="off" required></label>
            <label>User name <input name="username" autocomplete="username" required></label>
            <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
            <button name="decision" value="approve">Approve</button> <button name="decision" value="deny">Deny</button>
            </form></html>
            """;

    private final Login login;
    private final AuthPages pages;

    public DevicePages(Login login, AuthPages pages) {
        this.login = login;
        this.pages = pages;
    }

    public void add(Routes routes) {
        int little = 16 * 1024;
        routes.add("POST", "/auth/device/code", little, this::begin)
                .add("POST", "/auth/device/token", little, this::poll)
                .get("/auth/device", this::page)
                .add("POST", "/auth/device", little, this::decideOnPage)
                .add("POST", "/auth/device/approve", little, this::approve)
                .add("POST", "/auth/device/deny", little, this::deny);
    }

    private Response begin(Request request) {
        pages.throttle("device@" + request.remoteAddress());
        Map<String, List<String>> form = request.body().length == 0 ? Map.of() : request.form();
        String hint = form.containsKey("client_hint")
                ? form.get("client_hint").getFirst()
                : String.valueOf(request.header("user-agent"));
        boolean pair = form.containsKey("pair") && form.get("pair").getFirst().matches("(?i)true|1|on|yes");
        DeviceFlow.Codes codes = login.devices().begin(hint.substring(0, Math.min(hint.length(), MOST_HINT)), pair);
        String scheme = "https".equals(request.header("x-forwarded-proto")) ? "https" : "http";
        String page = scheme + "://" + request.header("host") + "/auth/device";
        return Response.json(Map.of(
                        "device_code",
                        codes.device(),
                        "user_code",
                        codes.user(),
                        "verification_uri",
                        page,
                        "verification_uri_complete",
                        page + "?user_code=" + codes.user(),
                        "expires_in",
                        DeviceFlow.LIFETIME.toSeconds(),
                        "interval",
                        DeviceFlow.INTERVAL.toSeconds()))
                .header("cache-control", "no-store");
    }

    private static Response error(String code) {
        return Response.json(400, Map.of("error", code));
    }

    private Response poll(Request request) {
        Map<String, List<String>> form = request.form();
        if (!AuthPages.first(form, "grant_type").equals(DeviceFlow.GRANT)) {
            return error("unsupported_grant_type");
        }
        DeviceFlow.Polled polled = login.devices().poll(AuthPages.first(form, "device_code"));
        if (polled.error() != null) {
            return error(polled.error());
        }
        User user = login.users().byId(polled.userId());
        if (user == null || !user.active()) {
            return error("expired_token");
        }
        Map<String, Object> tokens = pages.pair(user, Tokens.newFamily(), polled.hint());
        if (polled.pair()) {
            tokens.put(
                    "refresh_token_secondary",
                    login.tokens().refresh(user.id(), Tokens.newFamily(), polled.hint() + "-secondary"));
        }
        return Response.json(tokens).header("cache-control", "no-store");
    }

    // ---- deciding ----

    private Response approve(Request request) {
        Tokens.Access access = login.session(login.of(request));
        return decided(request, Fields.of(request).text("user_code", 1, 20), access.userId());
    }

    /** To deny a code it is enough to know it: that only ends it. */
    private Response deny(Request request) {
        return decided(request, AuthPages.first(request.form(), "user_code"), null);
    }

    private Response decided(Request request, String userCode, @Nullable String userId) {
        pages.throttle("device-code@" + request.remoteAddress());
        if (!login.devices().decide(userCode, userId)) {
            throw new HttpError(404, "Unknown user_code");
        }
        return Response.json(Map.of("status", userId == null ? "denied" : "approved"));
    }

    private Response page(Request request) {
        String code = request.query("user_code");
        if (code == null) {
            return html(200, "", "");
        }
        pages.throttle("device-code@" + request.remoteAddress());
        String hint = login.devices().hint(code);
        return hint == null
                ? html(404, "That code is unknown, used or too old.", "")
                : html(200, "Asked for by: " + hint, code);
    }

    private Response decideOnPage(Request request) {
        Map<String, List<String>> form = request.form();
        String code = AuthPages.first(form, "user_code");
        boolean approve = AuthPages.first(form, "decision").equals("approve");
        try {
            User user = pages.byPassword(request);
            decided(request, code, approve ? user.id() : null);
        } catch (HttpError e) {
            return html(e.response().status(), "That was not done: check the code, the name and the password.", code);
        }
        return html(200, approve ? "The device is logged in." : "The device was refused.", "");
    }

    private static Response html(int status, String says, String code) {
        return html(status, PAGE.replace("{code}", escaped(code)).replace("{says}", escaped(says)));
    }

    /** A page with a form. */
    static Response html(int status, String page) {
        return Response.text(status, HTML, page)
                .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
                .header("cache-control", "no-store")
                .header("x-frame-options", "DENY");
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }
}
