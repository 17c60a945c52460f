package dev.holdfast.engine.config;

/**
 * The classes of keyspace events, as the letters of {@code notify-keyspace-events}. {@code K} and {@code E} choose the
 * channels; each other letter is one class of events; {@code A} stands for all classes but {@code m} and {@code n}.
 */
public final class NotificationFlags {
    private static final String LETTERS = "g$lshzxetdmnKE";
    private static final String ALL = "g$lshzxetd";

    private NotificationFlags() {}

    /** The bit of a letter, or 0. */
    public static int bit(char letter) {
        int index = LETTERS.indexOf(letter);
        return index < 0 ? 0 : 1 << index;
    }

    /** The bits of a text that {@link #normalize} has returned. */
    public static int parse(String text) {
        int bits = 0;
        for (int i = 0; i < text.length(); i++) {
            char letter = text.charAt(i);
            if (letter == 'A') {
                for (int j = 0; j < ALL.length(); j++) {
                    bits |= bit(ALL.charAt(j));
                }
            } else {
                bits |= bit(letter);
            }
        }
        return bits;
    }

    /** The canonical form of a text of letters. */
    static String normalize(String text) throws ConfigException {
        for (int i = 0; i < text.length(); i++) {
            char letter = text.charAt(i);
            if (letter != 'A' && bit(letter) == 0) {
                throw new ConfigException("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
            }
        }
        int bits = parse(text);
        StringBuilder canonical = new StringBuilder();
        int all = parse("A");
        boolean every = (bits & all) == all;
        if (every) {
            canonical.append('A');
        }
        for (char letter : (every ? "KEmn" : "g$lshzxetdKEmn").toCharArray()) {
            if ((bits & bit(letter)) != 0) {
                canonical.append(letter);
            }
        }
        return canonical.toString();
    }
}
