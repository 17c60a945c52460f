package dev.holdfast.relay.console;

import dev.holdfast.relay.auth.BrowserLogin;
import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.http.Handler;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.toolkit.store.CommandFailedException;

/** Lets requests pass to handlers: of users who may read, change, or administer. The caller gets the store's errors. */
final class Access {
    private final BrowserLogin login;

    Access(BrowserLogin login) {
        this.login = login;
    }

    BrowserLogin login() {
        return login;
    }

    /** Answers a user. */
    @FunctionalInterface
    interface UserHandler {
        Response handle(Request request, User user) throws Exception;
    }

    Handler reading(Handler handler) {
        return reading((request, user) -> handler.handle(request));
    }

    Handler reading(UserHandler handler) {
        return needing(User.READ, handler);
    }

    Handler writing(Handler handler) {
        return writing((request, user) -> handler.handle(request));
    }

    Handler writing(UserHandler handler) {
        return needing(User.WRITE, handler);
    }

    Handler administering(Handler handler) {
        return needing(User.ADMIN, (request, user) -> handler.handle(request));
    }

    private Handler needing(String permission, UserHandler handler) {
        return request -> {
            User user = login.of(request, permission).user();
            try {
                return handler.handle(request, user).header("cache-control", "no-store");
            } catch (CommandFailedException e) {
                throw switch (e.code()) {
                    // What will be well again is answered as everywhere.
                    case "OOM",
                            "MISCONF",
                            "LOADING",
                            "BUSY",
                            "READONLY",
                            "NOREPLICAS",
                            "MASTERDOWN",
                            "CLUSTERDOWN",
                            "TRYAGAIN" -> e;
                    default -> new HttpError(409, "the store refused: " + e.getMessage());
                };
            }
        };
    }
}
