package dev.holdfast.toolkit.job;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a job, and the short names under which it is stored. Scripts know the fields by the names of these constants, which
 * {@link #declaration} gives them. What has no value is not there. Times are milliseconds since 1970, durations milliseconds.
 */
enum JobField {
    /** Its queue. */
    QUEUE("q"),
    /** Its type. */
    TYPE("t"),
    /** Awaiting, pending, held, scheduled, retry, active, done, dead or cancelled. */
    STATE("s"),
    /** When it was added. */
    CREATED("c"),
    /** When it is due. */
    DUE("d"),
    /** How many attempts it has at most. */
    ATTEMPTS("m"),
    /** How many have failed. */
    FAILED("a"),
    /** How often its worker was lost. */
    LOST("r"),
    /** The fencing token of the present attempt. */
    TOKEN("l"),
    /** Who has it. */
    WORKER("w"),
    /** When it is too late to begin it. */
    DEADLINE("e"),
    /** How long it may run. */
    TIMEOUT("o"),
    /** How long it is kept when it has ended. */
    KEPT("k"),
    /** Whether it is to be cancelled. */
    CANCELLED("n"),
    /** Its unique key. */
    UNIQUE("u"),
    /** There if it is unique only until it starts. */
    UNIQUE_TO_START("x"),
    /** When its uniqueness ends at the latest. */
    UNIQUE_UNTIL("g"),
    /** Its priority. */
    PRIORITY("p"),
    /** The key whose jobs are limited together. */
    KEY("i"),
    /** The job that awaits it. */
    PARENT("b"),
    /** There if it is a parent: 1, or 2 once all its children have been added. */
    SEALING("y"),
    /** How long a parent waits once its children have ended. */
    PARENT_DELAY("D"),
    /** Whether a turn in the bucket of its key is reserved. */
    RESERVED("j"),
    /** The limits that count it while it is at work. */
    LIMITS("L"),
    /** The limit that holds it back. */
    HELD_BY("H"),
    /** How often a worker did not know its type. */
    UNKNOWN("v"),
    /** When that was first. */
    UNKNOWN_SINCE("V"),
    /** Its headers, as the caller wrote them. */
    HEADERS("h"),
    /** Its last failure. */
    FAILURE("f"),
    /** When this was last written. */
    CHANGED("z"),

    // ---- only on the way to the store ----

    /** How long from now it is due. */
    DELAY("delay"),
    /** When it is due. */
    AT("at"),
    /** How long it is unique at most. */
    UNIQUE_FOR("lasts"),
    /** Whether it takes the place of one that stands in its way. */
    REPLACES("replace");

    private static final Map<String, JobField> BY_NAME =
            Arrays.stream(values()).collect(Collectors.toMap(JobField::stored, Function.identity()));
    private static final @Nullable JobField[] BY_LETTER = new JobField[128];

    static {
        for (JobField field : values()) {
            if (field.stored.length() == 1) {
                BY_LETTER[field.stored.charAt(0)] = field;
            }
        }
    }

    private final String stored;

    @SuppressWarnings("ImmutableEnumChecker") // It is written nowhere.
    private final byte[] packed;

    JobField(String stored) {
        this.stored = stored;
        this.packed = MessagePack.pack(stored);
    }

    /** Its name in the store. */
    String stored() {
        return stored;
    }

    /** The same, packed; the array is shared. */
    byte[] packed() {
        return packed;
    }

    /** The field that is stored under a name, or null. */
    static @Nullable JobField of(String stored) {
        return BY_NAME.get(stored);
    }

    /** The same, for a name of one letter. */
    static @Nullable JobField of(int letter) {
        return letter >= 0 && letter < BY_LETTER.length ? BY_LETTER[letter] : null;
    }

    /** A line of Lua that declares a name for each field. */
    static String declaration() {
        String names = Arrays.stream(values()).map(JobField::name).collect(Collectors.joining(", "));
        String stored =
                Arrays.stream(values()).map(field -> '\'' + field.stored + '\'').collect(Collectors.joining(", "));
        return "local " + names + " = " + stored + "\n";
    }
}
