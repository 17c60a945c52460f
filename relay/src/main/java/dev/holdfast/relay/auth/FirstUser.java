package dev.holdfast.relay.auth;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The first administrator, whom somebody makes on a page that a link leads to. The link is good once, for an hour, and only while there is no user. */
public final class FirstUser {
    private static final String PATH = "/auth/first";
    private static final long LIFETIME_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final int CODE_BYTES = 24;
    private static final String PAGE = """
            <!doctype html><html lang="en"><meta charset="utf-8"><title>The first user</title>
            <style>body { font-family: system-ui; max-width: 32em; margin: 3em auto; padding: 0 1em }
            label { display: block; margin: .8em 0 } input { font-size: 1.1em; width: 100% }</style>
            <h1>The first user</h1>
            <form method="post" action="/auth/first">
            <input name="code" value="{code}" type="hidden">
            <label>User name <input name="username" autocomplete="username" required></label>
            <label>Password <input name="password" type="password" minlength="8" autocomplete="new-password" required></label>
            <button>Make an administrator</button>
            </form></html>
            """;

    private final Login login;
    private final AtomicReference<@Nullable Link> link = new AtomicReference<>();

    private record Link(String code, long madeNanos) {}

    FirstUser(Login login) {
        this.login = login;
    }

    /** The path of a new link, with its secret; null if there are users already. */
    public @Nullable String newLink() {
        if (!login.users().ids().isEmpty()) {
            return null;
        }
        byte[] bytes = new byte[CODE_BYTES];
        new SecureRandom().nextBytes(bytes);
        String code = HexFormat.of().formatHex(bytes);
        link.set(new Link(code, System.nanoTime()));
        return PATH + "?code=" + code;
    }

    /** Adds the page. */
    public void add(Routes routes) {
        routes.get(PATH, this::page).add("POST", PATH, 16 * 1024, this::make);
    }

    private Link checked(@Nullable String code) {
        Link known = link.get();
        if (known == null
                || code == null
                || System.nanoTime() - known.madeNanos > LIFETIME_NANOS
                || !MessageDigest.isEqual(
                        code.getBytes(StandardCharsets.UTF_8), known.code.getBytes(StandardCharsets.UTF_8))) {
            throw new HttpError(404, "this link is used, or too old");
        }
        return known;
    }

    private Response page(Request request) {
        return DevicePages.html(200, PAGE.replace("{code}", checked(request.query("code")).code));
    }

    private Response make(Request request) {
        Map<String, List<String>> form = request.form();
        Link known = checked(AuthPages.first(form, "code"));
        String name = AuthPages.checkedName(AuthPages.first(form, "username"));
        String password = AuthPages.first(form, "password");
        if (password.length() < AuthPages.LEAST_PASSWORD) {
            throw new HttpError(422, "the password needs " + AuthPages.LEAST_PASSWORD + " characters");
        }
        // Of two who come with the link one gets it.
        if (!link.compareAndSet(known, null) || !login.users().ids().isEmpty()) {
            throw new HttpError(404, "this link is used, or too old");
        }
        login.users().create(name, "", login.passwords().hash(password), Set.of(User.ADMIN, User.READ, User.WRITE));
        return Response.text(201, "text/plain; charset=utf-8", name + " is an administrator now, and can log in.\n");
    }
}
