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

    /** A hash that no password is known to have, which takes as long to compare as any. */
    private static final String NOBODY =
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdCBmb3Igbm9ib2R5IQ" + "$UqRq2bE0G3yq1Jm7c0m5v4s9l8a1x6k2d3f7h5t0w9E";

    private final Semaphore places = new Semaphore(MOST_AT_ONCE, true);

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
        String known = hash.isEmpty() ? NOBODY : hash;
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
