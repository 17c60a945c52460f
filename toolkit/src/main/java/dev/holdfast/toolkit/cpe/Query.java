package dev.holdfast.toolkit.cpe;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

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
    /** {@code owner name}, {@code org.group artifact}, {@code @scope/name}, {@code host/owner/name}: small letters, and two parts or more. */
    private static final Pattern COORDINATES =
            Pattern.compile("[a-zA-Z0-9._-]+[ :]([a-z0-9_.-]+)|@?[^/\\s]+(?:/[^/\\s]+)*/([^/\\s]+)");

    private static final Pattern DOTTED = Pattern.compile("[a-zA-Z0-9_-]{2,}(?:\\.[a-zA-Z0-9_-]{2,})+");
    /** The name of a package: small letters and no blank. */
    private static final Pattern PACKAGE = Pattern.compile("[a-z0-9._@/+-]+");
    /** How distributions write the path of a Go module. */
    private static final Pattern GO_PATH =
            Pattern.compile("golang-(?:github|gitlab|bitbucket|gopkg|googlecode|x)-(?:[a-z0-9]+-(?=[a-z]))?");

    private static final Pattern MARKS = Pattern.compile("\\p{M}+|\\((?i:r|c|tm)\\)|[\u00ae\u2122\u00a9]");

    /** What an atom says by where it stands. */
    enum Role {
        PLAIN,
        /** Behind a dash between spaces, where a slogan stands. */
        TAGLINE,
        /** Before the artifact of a package's coordinates: host, owner, group, scope. */
        NAMESPACE
    }

    /**
     * A piece of the name.
     *
     * @param token the number of the token that it belongs to
     */
    record Atom(String text, int token, Role role) {}

    private final List<Atom> atoms;
    private final int[] ends;
    private final boolean bundle;
    private final boolean isPackage;
    /** What is left of the name, or empty if it cannot be narrowed. */
    private final String dotted;

    private Query(List<Atom> atoms, boolean bundle, boolean isPackage, String dotted) {
        this.atoms = atoms;
        this.bundle = bundle;
        this.isPackage = isPackage;
        this.dotted = dotted;
        this.ends = new int[atoms.size()];
        for (int i = atoms.size() - 1; i >= 0; i--) {
            boolean last = i == atoms.size() - 1
                    || atoms.get(i + 1).token() != atoms.get(i).token();
            ends[i] = last ? i + 1 : ends[i + 1];
        }
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
        int artifact = bundle ? 0 : artifact(shorter);
        List<Atom> atoms = atoms(shorter, artifact, slogan);
        return new Query(
                atoms.isEmpty() ? atoms(text, 0, Integer.MAX_VALUE) : atoms,
                bundle,
                !bundle && (artifact > 0 || PACKAGE.matcher(text).matches()),
                !bundle && DOTTED.matcher(shorter).matches() ? shorter : "");
    }

    List<Atom> atoms() {
        return atoms;
    }

    /** Whether this is an application bundle of macOS. */
    boolean isBundle() {
        return bundle;
    }

    /** Where the artifact begins in the coordinates of a package, or 0 where a name is none. */
    private static int artifact(String text) {
        Matcher coordinates = COORDINATES.matcher(text);
        if (coordinates.matches()) {
            return Math.max(coordinates.start(1), coordinates.start(2));
        }
        Matcher path = GO_PATH.matcher(text);
        return path.lookingAt() ? path.end() : 0;
    }

    /** Where the token of an atom ends. */
    int endOfToken(int atom) {
        return ends[atom];
    }

    /** The token that begins with an atom. */
    String token(int atom) {
        if (ends[atom] == atom + 1) {
            return atoms.get(atom).text();
        }
        StringBuilder token = new StringBuilder();
        for (int i = atom; i < ends[atom]; i++) {
            token.append(atoms.get(i).text());
        }
        return token.toString();
    }

    /**
     * The same name with a first part, up to a dot, taken for the namespace of what follows, as the editors' extensions and the packages of
     * some languages are named; null if there is none.
     */
    @Nullable
    Query narrower() {
        int artifact = dotted.lastIndexOf('.') + 1;
        return artifact == 0 ? null : new Query(atoms(dotted, artifact, Integer.MAX_VALUE), false, true, "");
    }

    /** Whether this is the name of a package, so that most likely some product is meant. */
    boolean isPackage() {
        return isPackage;
    }

    private static List<Atom> atoms(String text, int artifact, int slogan) {
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
                    atoms.add(atom(text, piece, i, token, role(start, artifact, slogan)));
                    piece = i;
                }
            }
            atoms.add(atom(text, piece, i, token, role(start, artifact, slogan)));
            token++;
        }
        return atoms;
    }

    private static Role role(int start, int artifact, int slogan) {
        return start < artifact ? Role.NAMESPACE : start > slogan ? Role.TAGLINE : Role.PLAIN;
    }

    private static Atom atom(String text, int from, int to, int token, Role role) {
        return new Atom(text.substring(from, to).toLowerCase(Locale.ROOT), token, role);
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
