package dev.holdfast.server.tls;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * OpenSSL's language for choosing cipher suites up to TLS 1.2, such as {@code HIGH:!kRSA:@STRENGTH}, over the suites that a JVM
 * may have. It is a program of steps over one list, in which each suite is in or out:
 *
 * <ul>
 *   <li>a name or alias, or several that all must hold ({@code ECDHE+AESGCM}), lets suites in, at the end;
 *   <li>{@code -} lets them out, {@code !} for good, {@code +} moves those that are in to the end;
 *   <li>{@code @STRENGTH} sorts; {@code @SECLEVEL=n} has no effect: the JVM's own limits hold.
 * </ul>
 *
 * A name that is not known does nothing, as in OpenSSL, which knows more of them.
 */
final class CipherList {
    private static final String DEFAULT = "ALL:!COMPLEMENTOFDEFAULT:!eNULL";
    private static final String STRENGTH = "STRENGTH";
    private static final String SECURITY_LEVEL = "SECLEVEL=";

    /** Key exchange and authentication, as OpenSSL's names begin; none for RSA, which does both. */
    private static final List<String> ALL_KEYS = List.of("ECDHE-ECDSA-", "ECDHE-RSA-", "DHE-DSS-", "DHE-RSA-");

    private static final List<String> ELLIPTIC_KEYS = List.of("ECDHE-ECDSA-", "ECDHE-RSA-");
    private static final List<String> FINITE_KEYS = List.of("DHE-RSA-", "DHE-DSS-");
    private static final List<String> MODERN_KEYS = List.of("ECDHE-ECDSA-", "ECDHE-RSA-", "DHE-RSA-");
    private static final List<String> KEYS = List.of("ECDHE-ECDSA-", "ECDHE-RSA-", "DHE-RSA-", "DHE-DSS-");

    /** The suites in the order in which OpenSSL lets them in. */
    private static final List<Suite> SUITES = Stream.of(
                    suites(ALL_KEYS, "AES256-GCM-SHA384"),
                    suites(MODERN_KEYS, "CHACHA20-POLY1305"),
                    suites(ALL_KEYS, "AES128-GCM-SHA256"),
                    suites(ELLIPTIC_KEYS, "AES256-SHA384"),
                    suites(FINITE_KEYS, "AES256-SHA256"),
                    suites(KEYS, "AES128-SHA256"),
                    suites(KEYS, "AES256-SHA"),
                    suites(KEYS, "AES128-SHA"),
                    Stream.of(
                                    "AES256-GCM-SHA384",
                                    "AES128-GCM-SHA256",
                                    "AES256-SHA256",
                                    "AES128-SHA256",
                                    "AES256-SHA",
                                    "AES128-SHA")
                            .map(Suite::new))
            .flatMap(part -> part)
            .toList();

    private static final Map<String, Predicate<Suite>> ALIASES = Map.ofEntries(
            alias("ALL", suite -> true),
            alias("HIGH", suite -> true),
            alias("COMPLEMENTOFDEFAULT", suite -> suite.has("DSS")),
            alias("RSA", Suite::isStaticRsa),
            alias("kRSA", Suite::isStaticRsa),
            alias("aRSA", suite -> suite.isStaticRsa() || suite.has("RSA")),
            alias("DSS", suite -> suite.has("DSS")),
            alias("aDSS", suite -> suite.has("DSS")),
            alias("ECDSA", suite -> suite.has("ECDSA")),
            alias("aECDSA", suite -> suite.has("ECDSA")),
            alias("ECDHE", suite -> suite.has("ECDHE")),
            alias("EECDH", suite -> suite.has("ECDHE")),
            alias("kECDHE", suite -> suite.has("ECDHE")),
            alias("kEECDH", suite -> suite.has("ECDHE")),
            alias("DHE", suite -> suite.has("DHE")),
            alias("EDH", suite -> suite.has("DHE")),
            alias("kDHE", suite -> suite.has("DHE")),
            alias("kEDH", suite -> suite.has("DHE")),
            alias("AES", suite -> !suite.has("CHACHA20")),
            alias("AES128", suite -> suite.has("AES128")),
            alias("AES256", suite -> suite.has("AES256")),
            alias("AESGCM", suite -> suite.has("GCM")),
            alias("CHACHA20", suite -> suite.has("CHACHA20")),
            alias("SHA", suite -> suite.mac().equals("SHA")),
            alias("SHA1", suite -> suite.mac().equals("SHA")),
            alias("SHA256", suite -> suite.mac().equals("SHA256")),
            alias("SHA384", suite -> suite.mac().equals("SHA384")),
            alias("TLSv1.2", suite -> !suite.mac().equals("SHA")),
            alias("TLSv1", suite -> suite.mac().equals("SHA") && suite.has("ECDHE")),
            alias("TLSv1.0", suite -> suite.mac().equals("SHA") && suite.has("ECDHE")),
            alias("SSLv3", suite -> suite.mac().equals("SHA") && !suite.has("ECDHE")),
            alias("FIPS", suite -> !suite.has("CHACHA20")));

    private record Suite(String name, List<String> parts) {
        Suite(String name) {
            this(name, Arrays.asList(name.split("-")));
        }

        boolean has(String part) {
            return parts.contains(part);
        }

        boolean isStaticRsa() {
            return name.startsWith("AES");
        }

        /** The algorithm that authenticates messages; none of its own where the encryption does it. */
        String mac() {
            return has("GCM") || has("CHACHA20") ? "AEAD" : parts.getLast();
        }

        int bits() {
            return has("AES128") ? 128 : 256;
        }

        /** As the JDK calls it. */
        String javaName() {
            int cipher = name.indexOf("AES") < 0 ? name.indexOf("CHACHA20") : name.indexOf("AES");
            String keys = cipher == 0 ? "RSA" : name.substring(0, cipher - 1).replace('-', '_');
            String rest = name.substring(cipher)
                    .replaceFirst("^AES(\\d+)-GCM", "AES_$1_GCM")
                    .replaceFirst("^AES(\\d+)-", "AES_$1_CBC_")
                    .replaceFirst("POLY1305$", "POLY1305_SHA256")
                    .replace('-', '_');
            return "TLS_" + keys + "_WITH_" + rest;
        }
    }

    private final List<Suite> in = new ArrayList<>();
    private final List<Suite> out = new ArrayList<>(SUITES);

    private CipherList() {}

    private static Stream<Suite> suites(List<String> keys, String cipher) {
        return keys.stream().map(key -> new Suite(key + cipher));
    }

    private static Map.Entry<String, Predicate<Suite>> alias(String name, Predicate<Suite> meant) {
        return Map.entry(name, meant);
    }

    /**
     * The suites that a text chooses, by the JDK's names, the preferred ones first; perhaps none.
     *
     * @param text empty for OpenSSL's default
     * @throws TlsException if it is not in that language
     */
    static List<String> parse(String text) throws TlsException {
        CipherList list = new CipherList();
        String rest = text.isEmpty() ? "DEFAULT" : text;
        if (rest.startsWith("DEFAULT")) {
            list.run(DEFAULT);
            rest = rest.substring("DEFAULT".length());
        }
        list.run(rest);
        return list.in.stream().map(Suite::javaName).toList();
    }

    private void run(String text) throws TlsException {
        for (String step : text.split("[: ;,]+")) {
            if (!step.isEmpty()) {
                run(step.charAt(0), "-!+@".indexOf(step.charAt(0)) >= 0 ? step.substring(1) : step, text);
            }
        }
    }

    private void run(char operator, String word, String text) throws TlsException {
        if (operator == '@') {
            if (word.equals(STRENGTH)) {
                in.sort(Comparator.comparingInt(Suite::bits).reversed());
            } else if (!word.startsWith(SECURITY_LEVEL)) {
                throw new TlsException("invalid command in: " + text);
            }
            return;
        }
        Predicate<Suite> meant = meaning(word);
        if (meant == null) {
            return;
        }
        switch (operator) {
            case '-' -> {
                List<Suite> removed = in.stream().filter(meant).toList();
                in.removeAll(removed);
                out.addAll(0, removed);
            }
            case '!' -> {
                in.removeIf(meant);
                out.removeIf(meant);
            }
            case '+' -> {
                List<Suite> moved = in.stream().filter(meant).toList();
                in.removeAll(moved);
                in.addAll(moved);
            }
            default -> {
                List<Suite> added = out.stream().filter(meant).toList();
                out.removeAll(added);
                in.addAll(added);
            }
        }
    }

    /** The suites that a word means; null if it has a part that is not known. */
    private static @Nullable Predicate<Suite> meaning(String word) {
        Predicate<Suite> all = suite -> true;
        for (String part : word.split("\\+")) {
            Predicate<Suite> one = ALIASES.get(part);
            if (one == null && SUITES.stream().noneMatch(suite -> suite.name().equals(part))) {
                return null;
            }
            all = all.and(one == null ? suite -> suite.name().equals(part) : one);
        }
        return all;
    }
}
