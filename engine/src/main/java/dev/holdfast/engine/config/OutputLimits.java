package dev.holdfast.engine.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/** The parameter {@code client-output-buffer-limit}: how much each class of clients may leave unread. */
public final class OutputLimits extends Parameter {
    public static final int NORMAL = 0;
    public static final int REPLICA = 1;
    public static final int PUBSUB = 2;

    private static final List<String> CLASSES = List.of("normal", "slave", "pubsub");

    /** Zero means no limit. */
    public record Limit(long hardBytes, long softBytes, long softSeconds) {
        @Override
        public String toString() {
            return hardBytes + " " + softBytes + " " + softSeconds;
        }
    }

    private static final Limit[] DEFAULTS = {
        new Limit(0, 0, 0), new Limit(256L << 20, 64L << 20, 60), new Limit(32L << 20, 8L << 20, 60)
    };

    private volatile Limit[] limits = DEFAULTS;

    OutputLimits() {
        super("client-output-buffer-limit");
        setMultiple();
    }

    public Limit limit(int clientClass) {
        return limits[clientClass];
    }

    @Override
    public String text() {
        return show(limits);
    }

    @Override
    public String defaultText() {
        return show(DEFAULTS);
    }

    private static String show(Limit[] limits) {
        StringJoiner text = new StringJoiner(" ");
        for (int i = 0; i < limits.length; i++) {
            text.add(CLASSES.get(i) + " " + limits[i]);
        }
        return text.toString();
    }

    @Override
    public void parse(String text) throws ConfigException {
        String[] words = text.isBlank() ? new String[0] : text.trim().split("\\s+");
        if (words.length % 4 != 0) {
            throw new ConfigException("Wrong number of arguments in buffer limit configuration.");
        }
        Limit[] changed = Arrays.copyOf(limits, limits.length);
        for (int i = 0; i < words.length; i += 4) {
            String name = words[i].toLowerCase(Locale.ROOT);
            int index = CLASSES.indexOf(name.equals("replica") ? "slave" : name);
            if (index < 0) {
                throw new ConfigException("Invalid client class specified in buffer limit configuration.");
            }
            String invalid = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
            long hard = NumberParameter.bytes(words[i + 1], invalid);
            long soft = NumberParameter.bytes(words[i + 2], invalid);
            long seconds = NumberParameter.bytes(words[i + 3], invalid);
            if (hard < 0 || soft < 0 || seconds < 0) {
                throw new ConfigException(invalid);
            }
            changed[index] = new Limit(hard, soft, seconds);
        }
        limits = changed;
    }

    /** One line for each class, with the name of the replicas' class as it is today. */
    @Override
    List<String> lines() {
        Limit[] now = limits;
        return List.of(line("normal", now[NORMAL]), line("replica", now[REPLICA]), line("pubsub", now[PUBSUB]));
    }

    private static String line(String name, Limit limit) {
        return name + " " + NumberParameter.size(limit.hardBytes) + " " + NumberParameter.size(limit.softBytes) + " "
                + limit.softSeconds;
    }
}
