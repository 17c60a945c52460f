package dev.holdfast.relay.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Access tokens, which live for minutes and are checked without a look into a table of sessions, and refresh tokens, each of which
 * is good for one exchange.
 *
 * <p>All tokens that descend from one login are a family. A refresh token that comes a second time has been stolen, and
 * which of the two is the thief is unknown: so the whole family ends, access tokens included. Ending a family, like ending an access token, leaves a key behind
 * that lives as long as what it ends might:
 *
 * <pre>
 * refresh:tok:{jti}         hash of a refresh token: user_id, secret_hash, family, issued_at, expires_at, revoked …
 * refresh:user:{id}         set of the user's refresh tokens
 * refresh:ended:{family}    the family has ended
 * denylist:jti:{jti}        the access token has ended
 * </pre>
 */
@SuppressWarnings("JavaUtilDate") // What the library for tokens takes and gives.
final class Tokens {
    static final Duration ACCESS = Duration.ofMinutes(10);
    static final Duration REFRESH = Duration.ofDays(90);
    private static final int SECRET_BYTES = 32;
    private static final int MOST_KNOWN = 10_000;
    private static final String REVOKED = "revoked";

    /** Uses a refresh token up, if its secret is right: OK, USED, or NONE. */
    private static final Script USE = Script.of("refresh-token-use", """
            local token = redis.call('HMGET', KEYS[1], 'secret_hash', 'revoked')
            if not token[1] or token[1] ~= ARGV[1] then return 'NONE' end
            if token[2] ~= '0' then return 'USED' end
            redis.call('HSET', KEYS[1], 'revoked', '1', 'revoked_reason', 'rotated', 'last_used_at', ARGV[2])
            return 'OK'
            """);

    private final Store store;
    private final byte[] secret;
    private final SecureRandom random = new SecureRandom();

    /** Tokens that were found to be ours, and what they say, so that not every request computes a signature. */
    private final Map<String, Access> known = new ConcurrentHashMap<>();

    /** What an access token says, once it has been found good. */
    record Access(String userId, String jti, String family, long issuedMillis, long expiresMillis)
            implements Credential {}

    /** What a refresh token was exchanged for, and when it had been issued. */
    record Exchange(String userId, String family, long issuedMillis) {}

    Tokens(Store store, String secret) {
        this.store = store;
        this.secret = secret.getBytes(StandardCharsets.UTF_8);
    }

    private String key(String name) {
        return store.namespace() + name;
    }

    // ---- access ----

    String access(User user, String family) {
        long now = store.millis();
        JWTClaimsSet claims = new JWTClaimsSet.Builder()
                .subject(user.id())
                .claim("username", user.name())
                .claim("permissions", List.copyOf(user.permissions()))
                .claim("family", family)
                .claim("iat_ms", now)
                .issueTime(new Date(now))
                .expirationTime(new Date(now + ACCESS.toMillis()))
                .jwtID(UUID.randomUUID().toString().replace("-", ""))
                .build();
        SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
        try {
            token.sign(new MACSigner(secret));
        } catch (JOSEException e) {
            throw new IllegalStateException("a token cannot be signed", e);
        }
        return token.serialize();
    }

    /** What an access token says, or null if it is not ours, or is over. {@link #endings} says whether it has been ended. */
    @Nullable
    Access read(String token) {
        Access access = known.get(token);
        if (access == null) {
            access = decoded(token);
            if (access != null) {
                if (known.size() >= MOST_KNOWN) {
                    known.clear();
                }
                known.put(token, access);
            }
        }
        return access == null || access.expiresMillis <= store.millis() ? null : access;
    }

    /** What asks whether an access token has been ended before its time: it has if any of the answers is 1. */
    List<Command> endings(Access access) {
        return List.of(
                Command.of("EXISTS", key("denylist:jti:" + access.jti)),
                Command.of("EXISTS", key("refresh:ended:" + access.family)));
    }

    private @Nullable Access decoded(String token) {
        try {
            SignedJWT jwt = SignedJWT.parse(token);
            // The algorithm is ours, whatever the token's head asks for.
            if (!jwt.getHeader().getAlgorithm().equals(JWSAlgorithm.HS256) || !jwt.verify(new MACVerifier(secret))) {
                return null;
            }
            JWTClaimsSet claims = jwt.getJWTClaimsSet();
            Date expires = claims.getExpirationTime();
            String user = claims.getSubject();
            String jti = claims.getJWTID();
            String family = claims.getStringClaim("family");
            Long issued = claims.getLongClaim("iat_ms");
            if (expires == null || user == null || jti == null || family == null || issued == null) {
                return null;
            }
            return new Access(user, jti, family, issued, expires.getTime());
        } catch (ParseException | JOSEException | IllegalArgumentException e) {
            return null;
        }
    }

    /** Ends an access token, and the session that it belongs to. */
    void end(Access access) {
        store.call("SET", key("denylist:jti:" + access.jti), "1", "EX", ACCESS.toSeconds());
        endFamily(access.family);
    }

    private boolean isEnded(String family) {
        return store.call("EXISTS", key("refresh:ended:" + family)).flag();
    }

    private void endFamily(String family) {
        store.call(
                "SET",
                key("refresh:ended:" + family),
                "1",
                "EX",
                REFRESH.plusHours(1).toSeconds());
    }

    // ---- refresh ----

    static String newFamily() {
        return UUID.randomUUID().toString();
    }

    /** A new refresh token of a family, as the client gets it: {@code jti.secret}. */
    String refresh(String userId, String family, String hint) {
        String jti = UUID.randomUUID().toString();
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        String wire = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        Instant now = Instant.ofEpochMilli(store.millis());
        String key = key("refresh:tok:" + jti);
        store.call(
                "HSET",
                key,
                "jti",
                jti,
                "user_id",
                userId,
                "secret_hash",
                sha256(wire),
                "family",
                family,
                "issued_at",
                now.toString(),
                "expires_at",
                now.plus(REFRESH).toString(),
                REVOKED,
                "0",
                "client_hint",
                hint);
        store.call("EXPIRE", key, REFRESH.toSeconds());
        String all = key("refresh:user:" + userId);
        store.call("SADD", all, jti);
        store.call("EXPIRE", all, REFRESH.toSeconds());
        return jti + "." + wire;
    }

    /** Exchanges a refresh token, or gives null if it is not good; one that was used before ends its family. */
    @Nullable
    Exchange exchange(String wire) {
        int dot = wire.indexOf('.');
        if (dot <= 0) {
            return null;
        }
        String key = key("refresh:tok:" + wire.substring(0, dot));
        String outcome = store.call(
                        USE,
                        List.of(key),
                        sha256(wire.substring(dot + 1)),
                        Instant.ofEpochMilli(store.millis()).toString())
                .text();
        if (outcome.equals("NONE")) {
            return null;
        }
        List<Reply> token =
                store.call("HMGET", key, "user_id", "family", "issued_at").list();
        if (token.stream().anyMatch(Reply::isNull)) {
            return null;
        }
        String family = token.get(1).text();
        if (outcome.equals("USED")) {
            endFamily(family);
            return null;
        }
        return isEnded(family)
                ? null
                : new Exchange(
                        token.get(0).text(),
                        family,
                        Instant.parse(token.get(2).text()).toEpochMilli());
    }

    /** Ends the session that a refresh token belongs to, if its secret is right. */
    void revoke(String wire) {
        int dot = wire.indexOf('.');
        if (dot <= 0) {
            return;
        }
        List<Reply> token = store.call("HMGET", key("refresh:tok:" + wire.substring(0, dot)), "secret_hash", "family")
                .list();
        String hash = token.get(0).textOrNull();
        String family = token.get(1).textOrNull();
        if (hash != null
                && family != null
                && MessageDigest.isEqual(ascii(hash), ascii(sha256(wire.substring(dot + 1))))) {
            endFamily(family);
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** The sessions of a user that can be gone on with. */
    List<Map<String, @Nullable String>> sessions(String userId) {
        List<Map<String, @Nullable String>> sessions = new ArrayList<>();
        String all = key("refresh:user:" + userId);
        for (String jti : store.call("SMEMBERS", all).texts()) {
            Map<String, Reply> token =
                    store.call("HGETALL", key("refresh:tok:" + jti)).map();
            Reply family = token.get("family");
            Reply revoked = token.get(REVOKED);
            if (family == null || revoked == null) {
                store.call("SREM", all, jti);
            } else if (revoked.text().equals("0") && !isEnded(family.text())) {
                Map<String, @Nullable String> session = new LinkedHashMap<>();
                session.put("jti", jti);
                for (String field : List.of("issued_at", "expires_at", "last_used_at", "client_hint")) {
                    Reply value = token.get(field);
                    session.put(field, value == null ? null : value.text());
                }
                sessions.add(session);
            }
        }
        return sessions;
    }

    /** Ends one of a user's sessions. Returns whether there was one. */
    boolean endSession(String userId, String jti) {
        List<Reply> token = store.call("HMGET", key("refresh:tok:" + jti), "user_id", "family")
                .list();
        if (!userId.equals(token.get(0).textOrNull())) {
            return false;
        }
        endFamily(token.get(1).text());
        return true;
    }

    static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
