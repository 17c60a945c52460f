package dev.holdfast.conformance.random;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.Answer.Kind;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.engine.catalog.CommandGroup;
import dev.holdfast.engine.catalog.CommandSpec;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Where a real server older than Valkey 9.1 answers differently, and we do as 9.1 does; and the few places where we differ from
 * 9.1 itself, which {@code docs/differences.md} explains.
 */
final class KnownDifferences {
    /** The version that we are like. */
    static final int NEWEST = 901;

    /** Since then indices are taken as 9.1 takes them, however large, and types must exist. */
    static final int INDICES = 800;

    private static final int FIELD_EXPIRY = 900;

    private static final int SHORTEST_DOUBLES = 702;
    private static final String NUMBER = "-?[0-9.]+(e[+-]?[0-9]+)?";

    /** Until 9.0 a key whose expiry is set into the past is deleted, not expired; and other commands miss keys. */
    private static final Set<String> OTHER_EVENTS = Set.of("expired", "del", "keymiss");

    private static final Set<String> STRING_ENCODINGS = Set.of("embstr", "raw");

    private final int version;

    /** Whose answers have changed in so many details since that only the newest server's can be compared. */
    private static final Set<CommandGroup> CHANGED_GROUPS = Set.of(CommandGroup.STREAM, CommandGroup.GEO);

    /** Since when single commands answer as they do here. */
    private static final Map<String, Integer> ALIKE_SINCE = Map.of(
            // An empty word was taken for 0.
            "sort",
            NEWEST,
            "sort_ro",
            NEWEST,
            // The end could not be left out, and words were not looked at where there was no key.
            "bitcount",
            800,
            "bitpos",
            800);

    /** Whether a command answers alike in a version and here. */
    static boolean areAlike(CommandSpec spec, int version) {
        return version
                >= (CHANGED_GROUPS.contains(spec.group()) ? NEWEST : ALIKE_SINCE.getOrDefault(spec.fullName(), 0));
    }

    /** Words that have been taken for numbers until 9.0. */
    static final Set<String> NO_LONGER_NUMBERS = Set.of("0x10", " 1", "");

    private static final Pattern FAR_BELOW_ZERO = Pattern.compile("-[0-9]{10,}");

    /** Whether a version refuses a call if and only if we do. */
    static boolean refusesAlike(List<String> call, int version) {
        return version >= NEWEST
                // Until 8.0 the time was not looked at where there was no key.
                || !call.getFirst().equals("GETEX")
                        && call.stream().map(KnownDifferences::withoutBracket).noneMatch(NO_LONGER_NUMBERS::contains)
                        // A cursor was any word, and so was a type.
                        && (version >= 800
                                || !call.getFirst().endsWith("SCAN")
                                        && call.stream()
                                                .noneMatch(word -> FAR_BELOW_ZERO
                                                        .matcher(word)
                                                        .matches()));
    }

    /** The bound of a range without the sign that it does not belong to it. */
    private static String withoutBracket(String word) {
        return word.startsWith("(") ? word.substring(1) : word;
    }

    KnownDifferences(RealServer real) {
        this.version = real.version();
    }

    boolean hasFieldExpiry() {
        return version >= FIELD_EXPIRY;
    }

    /** Whether both sides must tell of an event. When a key that is over is noticed, is each server's own affair. */
    boolean comparesEvent(String channel) {
        String event = channel.substring(channel.lastIndexOf(':') + 1);
        return version >= NEWEST ? !event.equals("expired") : !OTHER_EVENTS.contains(event);
    }

    /** Whether a difference is one of these. */
    boolean explain(List<String> command, Answer ours, Answer real) {
        if (version >= NEWEST) {
            return false;
        }
        // Sentences have changed, and which of two mistakes is seen first.
        if (ours.isError() && real.isError()) {
            return true;
        }
        return switch (Comparison.name(command)) {
            // Until 8.0 a string of more than 44 bytes is raw; since then it depends on the key, too.
            case "ENCODING" -> STRING_ENCODINGS.contains(ours.text()) && STRING_ENCODINGS.contains(real.text());
            // Until 8.0 small numbers were shared by all keys.
            case "REFCOUNT" -> true;
            // Until 8.0 the time was not looked at where there was no key.
            case "GETEX" -> ours.isError() && real.kind() == Kind.NIL;
            default -> version < SHORTEST_DOUBLES && sameNumbers(ours, real);
        };
    }

    /** Until 7.0 doubles had all of their 17 digits. */
    private static boolean sameNumbers(Answer ours, Answer real) {
        if (ours.kind() != real.kind() || ours.parts().size() != real.parts().size()) {
            return false;
        }
        for (int i = 0; i < ours.parts().size(); i++) {
            if (!sameNumbers(ours.parts().get(i), real.parts().get(i))) {
                return false;
            }
        }
        return ours.text().equals(real.text())
                || ours.text().matches(NUMBER)
                        && real.text().matches(NUMBER)
                        && Double.parseDouble(ours.text()) == Double.parseDouble(real.text());
    }
}
