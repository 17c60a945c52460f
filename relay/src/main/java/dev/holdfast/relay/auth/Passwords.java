package dev.holdfast.relay.auth;

import com.password4j.Argon2Function;
import com.password4j.BadParametersException;
import com.password4j.Password;
import com.password4j.types.Argon2;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Response;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Passwords as Argon2id. Each hash takes time and some megabytes on purpose, so few are computed at once; who would have to wait long
 * is sent away. They have threads of their own: a virtual thread that computes gives no other its turn, and two logins at once would
 * hold up every request on a small machine.
 */
final class Passwords {
    private static final int MOST_AT_ONCE = 2;
    private static final long PATIENCE_SECONDS = 30;
    private static final int LENGTH = 32;
    private static final int SALT = 16;

    /** What OWASP recommends: 19 MiB, two passes. */
    private static final Argon2Function FUNCTION = Argon2Function.getInstance(19_456, 2, 1, LENGTH, Argon2.ID);

    /** A hash that no password is known to have, which takes as long to compare as any. */
    private static final String NO_USER =
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdCBmb3Igbm9ib2R5IQ" + "$UqRq2bE0G3yq1Jm7c0m5v4s9l8a1x6k2d3f7h5t0w9E";

    private static final int MOST_WAITING = 100;

    private static final ExecutorService HASHING = hashing();

    private static ExecutorService hashing() {
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                MOST_AT_ONCE,
                MOST_AT_ONCE,
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MOST_WAITING),
                Thread.ofPlatform().daemon().name("holdfast-password-", 0).factory());
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    String hash(String password) {
        return compute(
                () -> Password.hash(password).addRandomSalt(SALT).with(FUNCTION).getResult());
    }

    /**
     * Whether a password is that of a hash. For an empty hash it takes as long, and never is, so that how long a login takes does
     * not tell who exists.
     */
    boolean matches(String password, String hash) {
        String known = hash.isEmpty() ? NO_USER : hash;
        return compute(() -> {
            try {
                return Password.check(password, known).with(Argon2Function.getInstanceFromHash(known))
                        && !hash.isEmpty();
            } catch (BadParametersException e) {
                return false;
            }
        });
    }

    private static <T> T compute(Callable<T> task) {
        Future<T> result;
        try {
            result = HASHING.submit(task);
        } catch (RejectedExecutionException e) {
            throw tooMany();
        }
        try {
            return result.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw tooMany();
        } catch (TimeoutException e) {
            result.cancel(false);
            throw tooMany();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a password could not be hashed", e.getCause());
        }
    }

    private static HttpError tooMany() {
        return new HttpError(Response.error(503, "too many logins at once").header("retry-after", "5"));
    }
}
