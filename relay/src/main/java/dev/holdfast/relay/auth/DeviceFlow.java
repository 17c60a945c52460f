package dev.holdfast.relay.auth;

import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Logging in on another device (RFC 8628): a program without a browser gets a device code, which it keeps, and a user code, which it
 * shows; a user approves the user code, and the program exchanges its device code for tokens, once.
 *
 * <pre>
 * device:tok:{digest of the device code}   hash: user_code, status (pending, approved, denied), user_id, client_hint, pair, polled
 * device:uc:{user code}                    the digest of its device code
 * </pre>
 */
final class DeviceFlow {
    static final Duration LIFETIME = Duration.ofMinutes(10);
    static final Duration INTERVAL = Duration.ofSeconds(5);
    static final String GRANT = "urn:ietf:params:oauth:grant-type:device_code";
    private static final String LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789";
    private static final int CODE_LETTERS = 8;
    private static final int CODE_BYTES = 32;

    /** One poll of a device: what became of its code. One that was approved or denied is used up. */
    private static final Script POLL = Script.of("relay-device-poll", """
            local code = redis.call('HMGET', KEYS[1], 'status', 'polled', 'user_id', 'client_hint', 'pair')
            if not code[1] then return {'expired_token'} end
            if code[2] and tonumber(ARGV[1]) - tonumber(code[2]) < tonumber(ARGV[2]) then return {'slow_down'} end
            redis.call('HSET', KEYS[1], 'polled', ARGV[1])
            if code[1] == 'pending' then return {'authorization_pending'} end
            redis.call('DEL', KEYS[1])
            if code[1] == 'denied' then return {'access_denied'} end
            return {'approved', code[3], code[4], code[5]}
            """);

    /** Decides about a code that is pending. */
    private static final Script DECIDE = Script.of("relay-device-decide", """
            if redis.call('HGET', KEYS[1], 'status') ~= 'pending' then return 0 end
            redis.call('HSET', KEYS[1], 'status', ARGV[1], 'user_id', ARGV[2])
            return 1
            """);

    private final Store store;
    private final SecureRandom random = new SecureRandom();

    /** The two codes of a device that wants to log in. */
    record Codes(String device, String user) {}

    /** What a poll is answered: an error of RFC 8628, or with {@code error} null the user who has approved. */
    record Polled(@Nullable String error, String userId, String hint, boolean pair) {}

    DeviceFlow(Store store) {
        this.store = store;
    }

    private String deviceKey(String digest) {
        return store.namespace() + "device:tok:" + digest;
    }

    private String userKey(String userCode) {
        return store.namespace() + "device:uc:" + userCode.toUpperCase(Locale.ROOT);
    }

    /** @param pair whether two refresh tokens are wanted, for two programs */
    Codes begin(String hint, boolean pair) {
        byte[] bytes = new byte[CODE_BYTES];
        random.nextBytes(bytes);
        String device = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        String digest = Tokens.sha256(device);
        String user;
        do {
            user = userCode();
        } while (store.call("SET", userKey(user), digest, "NX", "EX", LIFETIME.toSeconds())
                .isNull());
        store.call(
                "HSET",
                deviceKey(digest),
                "user_code",
                user,
                "status",
                "pending",
                "client_hint",
                hint,
                "pair",
                pair ? 1 : 0);
        store.call("EXPIRE", deviceKey(digest), LIFETIME.toSeconds());
        return new Codes(device, user);
    }

    private String userCode() {
        StringBuilder code = new StringBuilder();
        for (int i = 0; i < CODE_LETTERS; i++) {
            code.append(i == CODE_LETTERS / 2 ? "-" : "").append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return code.toString();
    }

    Polled poll(String deviceCode) {
        List<Reply> answer = store.call(
                        POLL, List.of(deviceKey(Tokens.sha256(deviceCode))), store.millis(), INTERVAL.toMillis())
                .list();
        String outcome = answer.getFirst().text();
        return outcome.equals("approved")
                ? new Polled(
                        null,
                        answer.get(1).text(),
                        answer.get(2).text(),
                        answer.get(3).text().equals("1"))
                : new Polled(outcome, "", "", false);
    }

    /** What a device that waits for a decision says of itself; null if no device waits with this code. */
    @Nullable
    String hint(String userCode) {
        String digest = store.call("GET", userKey(userCode)).textOrNull();
        if (digest == null) {
            return null;
        }
        List<Reply> fields =
                store.call("HMGET", deviceKey(digest), "status", "client_hint").list();
        return "pending".equals(fields.get(0).textOrNull()) ? fields.get(1).text() : null;
    }

    /** Approves a code as a user, or with null denies it. Returns whether a device waits with it. */
    boolean decide(String userCode, @Nullable String userId) {
        String digest = store.call("GET", userKey(userCode)).textOrNull();
        return digest != null
                && store.call(
                                DECIDE,
                                List.of(deviceKey(digest)),
                                userId == null ? "denied" : "approved",
                                userId == null ? "" : userId)
                        .flag();
    }
}
