package dev.holdfast.toolkit.cpe;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A name of software as people and tools write it, taken apart.
 *
 * <p>A token is a run of letters and digits; camel case divides it into atoms, which are matched alone and joined to their
 * neighbours. What says nothing about the product is left out: the suffix of a bundle or package, versions, architectures, locales.
 */
final class Query {
    /** How many atoms count; the rest of a longer name is left out. */
    static final int MAX_ATOMS = 24;

    private static final int MAX_LENGTH = 512;

    private static final Pattern SUFFIX = Pattern.compile(
            "(?i)\\.(app|exe|msi|dmg|pkg|deb|rpm|jar|apk|appx|msix|snap|flatpak|xpi|vsix|whl|zip|tar\\.gz|tgz)$");
    private static final Pattern VERSION = Pattern.compile(
            "(?i)(?:^|(?<=[\\s(\\[_/-]))(?:v|ver\\.?|version|release|build)?\\s?\\d+(?:\\.\\d+)+[a-z0-9.+~_-]*(?=$|[\\s)\\],;])");
    private static final Pattern PLATFORM = Pattern.compile(
            "(?i)\\b(?:x64|x86(?:[_-]64)?|amd64|arm64|aarch64|armhf|i[3-6]86|win(?:32|64)|(?:32|64)[ -]?bits?|noarch)\\b");
    private static final Pattern LOCALE = Pattern.compile("(?<=[\\s(\\[])[a-z]{2}[-_][A-Z]{2}(?=$|[\\s)\\]])");
    private static final Pattern TAGLINE = Pattern.compile("\\s[-\u2013\u2014|]\\s|:\\s");
    private static final Pattern MARKS = Pattern.compile("\\p{M}+|\\((?i:r|c|tm)\\)|[\u00ae\u2122\u00a9]");

    /** What an atom says by where it stands. */
    enum Role {
        PLAIN,
        /** Behind a dash between spaces, where a slogan stands. */
        TAGLINE
    }

    /**
     * A piece of the name.
     *
     * @param token the number of the token that it belongs to
     */
    record Atom(String text, int token, Role role) {}

    private final List<Atom> atoms;
    private final boolean bundle;

    private Query(List<Atom> atoms, boolean bundle) {
        this.atoms = atoms;
        this.bundle = bundle;
    }

    static Query of(String name) {
        String text = name.length() > MAX_LENGTH ? name.substring(0, MAX_LENGTH) : name;
        text = MARKS.matcher(Normalizer.normalize(text, Normalizer.Form.NFKD))
                .replaceAll("")
                .strip();
        boolean bundle = text.regionMatches(true, text.length() - 4, ".app", 0, 4);
        String shorter = SUFFIX.matcher(text).replaceFirst("");
        shorter = LOCALE.matcher(shorter).replaceAll("");
        shorter = PLATFORM.matcher(shorter).replaceAll("");
        shorter = VERSION.matcher(shorter).replaceAll("");
        var tagline = TAGLINE.matcher(shorter);
        int slogan = tagline.find() && tagline.start() > 0 ? tagline.start() : Integer.MAX_VALUE;
        List<Atom> atoms = atoms(shorter, slogan);
        return new Query(atoms.isEmpty() ? atoms(text, Integer.MAX_VALUE) : atoms, bundle);
    }

    List<Atom> atoms() {
        return atoms;
    }

    /** Whether this is an application bundle of macOS. */
    boolean isBundle() {
        return bundle;
    }

    private static List<Atom> atoms(String text, int slogan) {
        List<Atom> atoms = new ArrayList<>();
        int token = 0;
        int i = 0;
        while (i < text.length() && atoms.size() < MAX_ATOMS) {
            if (!Character.isLetterOrDigit(text.charAt(i))) {
                i++;
                continue;
            }
            int start = i;
            int piece = i;
            for (i++; i < text.length() && Character.isLetterOrDigit(text.charAt(i)); i++) {
                if (isHump(text, i) && atoms.size() < MAX_ATOMS - 1) {
                    atoms.add(atom(text, piece, i, token, start > slogan));
                    piece = i;
                }
            }
            atoms.add(atom(text, piece, i, token, start > slogan));
            token++;
        }
        return atoms;
    }

    private static Atom atom(String text, int from, int to, int token, boolean slogan) {
        return new Atom(text.substring(from, to).toLowerCase(Locale.ROOT), token, slogan ? Role.TAGLINE : Role.PLAIN);
    }

    /** Whether an atom begins here: {@code fooBar} has one at B, and {@code HTTPServer} at S. */
    private static boolean isHump(String text, int i) {
        char before = text.charAt(i - 1);
        char here = text.charAt(i);
        if (!Character.isUpperCase(here)) {
            return false;
        }
        return Character.isLowerCase(before)
                || Character.isUpperCase(before) && i + 1 < text.length() && Character.isLowerCase(text.charAt(i + 1));
    }
}
