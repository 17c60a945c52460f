package dev.holdfast.relay.auth;

import com.password4j.Argon2Function;
import com.password4j.BadParametersException;
import com.password4j.Password;
import com.password4j.types.Argon2;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Response;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Passwords as Argon2id. Each hash takes time and some megabytes on purpose, so few are computed at once; who would have to wait long
 * is sent away.
 */
final class Passwords {
    private static final int MOST_AT_ONCE = 2;
    private static final long PATIENCE_SECONDS = 5;
    private static final int LENGTH = 32;
    private static final int SALT = 16;

    /** What OWASP recommends: 19 MiB, two passes. */
    private static final Argon2Function FUNCTION = Argon2Function.getInstance(19_456, 2, 1, LENGTH, Argon2.ID);

    private final Semaphore places = new Semaphore(MOST_AT_ONCE, true);
    private final String nobody = hash("nobody has this password");

    String hash(String password) {
        enter();
        try {
            return Password.hash(password).addRandomSalt(SALT).with(FUNCTION).getResult();
        } finally {
            places.release();
        }
    }

    /**
     * Whether a password is that of a hash. For an empty hash it takes as long, and never is, so that how long a login takes does
     * not tell who exists.
     */
    boolean matches(String password, String hash) {
        String known = hash.isEmpty() ? nobody : hash;
        enter();
        try {
            return Password.check(password, known).with(Argon2Function.getInstanceFromHash(known)) && !hash.isEmpty();
        } catch (BadParametersException e) {
            return false;
        } finally {
            places.release();
        }
    }

    private void enter() {
        try {
            if (places.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new HttpError(Response.error(503, "too many logins at once").header("retry-after", "5"));
    }
}
