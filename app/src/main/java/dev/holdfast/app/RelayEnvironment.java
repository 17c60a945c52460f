package dev.holdfast.app;

import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.config.HttpParameters;
import dev.holdfast.engine.config.NumberParameter;
import dev.holdfast.relay.auth.Login;
import dev.holdfast.relay.topic.Layout;
import dev.holdfast.relay.topic.RelaySettings;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.store.StoreUri;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the environment says about the relay, under the names of pulsar-relay, with {@code PULSAR_} before them or without: where the
 * configuration says something, that counts. What tokens are signed with is nowhere else, since other users of the machine do not see
 * the environment.
 */
final class RelayEnvironment {
    private static final Logger LOG = LoggerFactory.getLogger(RelayEnvironment.class);
    private static final String PREFIX = "PULSAR_";
    private static final String SECRET = PREFIX + "JWT_SECRET_KEY";
    private static final String INSECURE = PREFIX + "ALLOW_INSECURE_DEFAULTS";
    private static final int SECRET_BYTES = 32;

    /** Levels of Python's logging, and what they are here. */
    private static final Map<String, String> LEVELS =
            Map.of("DEBUG", "debug", "INFO", "notice", "WARNING", "warning", "ERROR", "warning", "CRITICAL", "warning");

    private final Map<String, String> variables;

    RelayEnvironment(Map<String, String> variables) {
        this.variables = variables;
    }

    private String variable(String name) {
        return variables
                .getOrDefault(PREFIX + name, variables.getOrDefault(name, ""))
                .strip();
    }

    /**
     * Who may use the relay.
     *
     * @throws IOException if the secret is missing or weak, unless that was asked for
     */
    Login login(Toolkit toolkit, HttpParameters parameters) throws IOException {
        String secret = variables.getOrDefault(SECRET, "");
        long requests = parameters.relayMaxRequests.get();
        try {
            return new Login(toolkit, secret, requests);
        } catch (IllegalArgumentException e) {
            if (!variable("ALLOW_INSECURE_DEFAULTS").matches("(?i)1|true|yes|on")) {
                throw new IOException(
                        "The relay does not start: " + SECRET + " is missing or weak: " + e.getMessage()
                                + ". To try the relay without one, set " + INSECURE + "=true.",
                        e);
            }
            LOG.warn("{} is missing or weak: tokens end with this process, and no other takes them", SECRET);
            byte[] random = new byte[SECRET_BYTES];
            new SecureRandom().nextBytes(random);
            return new Login(toolkit, HexFormat.of().formatHex(random), requests);
        }
    }

    /** Adds the administrator whom the environment names. Returns whether it names one. */
    boolean addAdministrator(Login login) {
        String name = variables.getOrDefault(PREFIX + "BOOTSTRAP_ADMIN_USERNAME", "");
        String password = variables.getOrDefault(PREFIX + "BOOTSTRAP_ADMIN_PASSWORD", "");
        if (name.isEmpty() || password.isEmpty()) {
            return false;
        }
        login.bootstrap(name, password, variables.getOrDefault(PREFIX + "BOOTSTRAP_ADMIN_EMAIL", ""));
        LOG.info("The relay's administrator is {}", name);
        return true;
    }

    /**
     * The relay's limits and layout.
     *
     * @throws IOException if a variable has a value that it cannot have
     */
    RelaySettings settings(HttpParameters parameters) throws IOException {
        return RelaySettings.DEFAULT
                .keeping(
                        limit(parameters.relayMaxMessages, "MAX_MESSAGES_PER_TOPIC"),
                        Duration.ofSeconds(limit(parameters.relayRetention, "PERSISTENT_TIER_RETENTION")))
                .streams((int) number("WS_MAX_PER_USER", RelaySettings.DEFAULT.streamsPerUser()))
                .layout(Layout.valueOf(parameters.relayLayout.get().toUpperCase(Locale.ROOT)));
    }

    private long limit(NumberParameter parameter, String variable) throws IOException {
        return parameter.isChosen() ? parameter.get() : number(variable, parameter.get());
    }

    private long number(String variable, long otherwise) throws IOException {
        String text = variable(variable);
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            long number = Long.parseLong(text);
            if (number >= 1 && number <= Integer.MAX_VALUE) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new IOException(variable + " must be a whole number from 1 to " + Integer.MAX_VALUE);
    }

    /**
     * The URI of the relay's store: {@code STORAGE_BACKEND} may be {@code memory}, which ends with the process, else it is what the
     * variables of {@link StoreUri#fromEnvironment(Map)} or those of {@code PULSAR_VALKEY_} name; null if they name none.
     *
     * @throws IOException if it is another backend
     */
    @Nullable
    String store() throws IOException {
        return switch (variable("STORAGE_BACKEND").toLowerCase(Locale.ROOT)) {
            case "memory" -> "embedded:";
            case "", "valkey" -> {
                String named = StoreUri.fromEnvironment(variables, PREFIX + "VALKEY", 0);
                yield named == null ? StoreUri.fromEnvironment(variables) : named;
            }
            default -> throw new IOException("STORAGE_BACKEND is memory or valkey");
        };
    }

    /**
     * Takes {@code LOG_LEVEL}, where the configuration has no level.
     *
     * @throws IOException if there is no such level
     */
    void applyLogLevel(Config config) throws IOException, ConfigException {
        String level = variable("LOG_LEVEL").toUpperCase(Locale.ROOT);
        if (!level.isEmpty() && !config.program.loglevel.isChosen()) {
            String here = LEVELS.get(level);
            if (here == null) {
                throw new IOException("LOG_LEVEL is DEBUG, INFO, WARNING, ERROR or CRITICAL");
            }
            config.set("loglevel", here);
        }
    }
}
