package dev.holdfast.toolkit.cpe;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The part, vendor and product of a CPE name; what follows them, such as the version, is read and left out.
 *
 * <p>Vendor and product are as in a formatted string of CPE 2.3 (NISTIR 7695): letters, digits, {@code _}, {@code .} and {@code -}
 * stand for themselves, any other character follows a backslash.
 *
 * @param part {@code a} for an application, {@code o} for an operating system, {@code h} for hardware
 */
public record CpeName(char part, String vendor, String product) {
    private static final String PREFIX = "cpe:2.3:";
    private static final String URI_PREFIX = "cpe:/";
    private static final int COMPONENTS = 11;
    private static final int URI_COMPONENTS = 7;

    /** How long a name may be, in characters. */
    static final int MAX_LENGTH = 4096;

    /**
     * Reads a formatted string of CPE 2.3, from {@code cpe:2.3:a:vendor:product} to all its eleven components, or a URI of CPE 2.2.
     *
     * @throws IllegalArgumentException if it is neither, or if it leaves vendor or product open
     */
    public static CpeName parse(String text) {
        if (text.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("a CPE name of " + text.length() + " characters");
        }
        if (text.regionMatches(true, 0, PREFIX, 0, PREFIX.length())) {
            List<String> components = components(text, PREFIX.length(), '\\', COMPONENTS);
            if (components.size() < 3) {
                throw new IllegalArgumentException("a CPE name without a product: " + text);
            }
            return of(text, components.get(0), components.get(1), components.get(2));
        }
        if (text.regionMatches(true, 0, URI_PREFIX, 0, URI_PREFIX.length())) {
            List<String> components = components(text, URI_PREFIX.length(), '\0', URI_COMPONENTS);
            if (components.size() < 3) {
                throw new IllegalArgumentException("a CPE name without a product: " + text);
            }
            return of(text, components.get(0), fromUri(text, components.get(1)), fromUri(text, components.get(2)));
        }
        throw new IllegalArgumentException("a CPE name begins with cpe:2.3: or cpe:/, not so: " + text);
    }

    /** Whether a text begins as a CPE name does. */
    static boolean isOne(String text) {
        return text.startsWith(PREFIX) || text.startsWith(URI_PREFIX);
    }

    /**
     * The name of an application, of which vendor and product are given as a table has them: as a formatted string does, or without any
     * backslash and with spaces.
     *
     * @throws IllegalArgumentException if one of them is empty, or if a backslash stands where none can
     */
    static CpeName of(String vendor, String product) {
        return of(vendor + ", " + product, "a", fromTable(vendor), fromTable(product));
    }

    private static CpeName of(String text, String part, String vendor, String product) {
        char letter = part.length() == 1 ? Character.toLowerCase(part.charAt(0)) : '\0';
        if (letter != 'a' && letter != 'o' && letter != 'h') {
            throw new IllegalArgumentException("the part of a CPE name is a, o or h: " + text);
        }
        return new CpeName(letter, checked(text, vendor), checked(text, product));
    }

    /** A component with a backslash before every character that wants one; some that write CPE names forget them. */
    private static String checked(String text, String component) {
        if (component.isEmpty() || component.equals("*") || component.equals("-")) {
            throw new IllegalArgumentException("a CPE name that leaves vendor or product open: " + text);
        }
        StringBuilder checked = null;
        for (int i = 0; i < component.length(); i++) {
            char c = component.charAt(i);
            if (Character.isISOControl(c)) {
                throw new IllegalArgumentException("a CPE name with a control character: " + text);
            }
            boolean quoted = c == '\\' && i + 1 < component.length();
            boolean bare = !quoted && !isPlain(c) && c != '*' && c != '?' && c < 0x80;
            if (bare && checked == null) {
                checked = new StringBuilder(component.length() + 8).append(component, 0, i);
            }
            if (checked != null) {
                checked.append(bare ? "\\" : "").append(c);
            }
            if (quoted) {
                i++;
                if (Character.isISOControl(component.charAt(i))) {
                    throw new IllegalArgumentException("a CPE name with a control character: " + text);
                }
                if (checked != null) {
                    checked.append(component.charAt(i));
                }
            }
        }
        return checked == null ? component : checked.toString();
    }

    private static boolean isPlain(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-';
    }

    /** Splits at colons that no escape precedes. */
    private static List<String> components(String text, int from, char escape, int most) {
        List<String> components = new ArrayList<>(most);
        int start = from;
        for (int i = from; i <= text.length(); i++) {
            if (i < text.length() && text.charAt(i) == escape && escape != '\0') {
                i++;
            } else if (i == text.length() || text.charAt(i) == ':') {
                components.add(text.substring(start, Math.min(i, text.length())));
                start = i + 1;
            }
        }
        if (start <= text.length()) {
            // The text ended within an escape.
            components.add(text.substring(start));
        }
        if (components.size() > most) {
            throw new IllegalArgumentException("a CPE name of more than " + most + " components: " + text);
        }
        return components;
    }

    /** A component of a URI, where characters stand percent-encoded, as a formatted string has it. */
    private static String fromUri(String text, String component) {
        if (component.isEmpty() || component.equals("-")) {
            return component;
        }
        StringBuilder quoted = new StringBuilder(component.length() + 8);
        byte[] decoded = new byte[component.length() / 3];
        int i = 0;
        while (i < component.length()) {
            if (component.charAt(i) != '%') {
                quote(quoted, Character.toLowerCase(component.charAt(i)));
                i++;
                continue;
            }
            int count = 0;
            while (i < component.length() && component.charAt(i) == '%') {
                int high = i + 2 < component.length() ? Character.digit(component.charAt(i + 1), 16) : -1;
                int low = i + 2 < component.length() ? Character.digit(component.charAt(i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    throw new IllegalArgumentException("% without two hexadecimal digits after it: " + text);
                }
                decoded[count++] = (byte) (high << 4 | low);
                i += 3;
            }
            for (char c : new String(decoded, 0, count, StandardCharsets.UTF_8).toCharArray()) {
                switch (c) {
                    case 1 -> quoted.append('?');
                    case 2 -> quoted.append('*');
                    default -> quote(quoted, c);
                }
            }
        }
        return quoted.toString();
    }

    private static String fromTable(String component) {
        String text = component.strip();
        if (text.indexOf('\\') >= 0) {
            return text;
        }
        StringBuilder quoted = new StringBuilder(text.length() + 8);
        for (char c : text.toLowerCase(Locale.ROOT).toCharArray()) {
            quote(quoted, c == ' ' ? '_' : c);
        }
        return quoted.length() == 1 && !isWord(quoted.charAt(0)) ? "\\" + quoted : quoted.toString();
    }

    private static boolean isWord(char c) {
        return c != '-' && c != '*';
    }

    private static void quote(StringBuilder quoted, char c) {
        if (!isPlain(c) && c < 0x80) {
            quoted.append('\\');
        }
        quoted.append(c);
    }

    /** A vendor or product without its backslashes. */
    static String unescaped(String component) {
        if (component.indexOf('\\') < 0) {
            return component;
        }
        StringBuilder plain = new StringBuilder(component.length());
        for (int i = 0; i < component.length(); i++) {
            char c = component.charAt(i);
            if (c == '\\' && i + 1 < component.length()) {
                i++;
                c = component.charAt(i);
            }
            plain.append(c);
        }
        return plain.toString();
    }

    /** {@code cpe:2.3:a:vendor:product}, which names all versions. */
    @Override
    public String toString() {
        return PREFIX + part + ":" + vendor + ":" + product;
    }
}
