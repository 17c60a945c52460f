package dev.holdfast.conformance.access;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * An answer as it came over some protocol, or one that is expected. Bytes are characters, one each.
 *
 * <p>Expected answers may contain {@link Kind#ANY} and arrays whose order does not matter.
 *
 * @param kind its type in RESP3
 * @param text of all that has no parts
 * @param parts of aggregates; of maps keys and values in turn
 * @param unordered whether the parts, or a map's pairs, may come in any order
 */
public record Answer(Kind kind, String text, List<Answer> parts, boolean unordered) {
    /** The types of RESP3; null has two, as in RESP2. */
    public enum Kind {
        SIMPLE,
        ERROR,
        INTEGER,
        BULK,
        NIL,
        NIL_ARRAY,
        ARRAY,
        SET,
        MAP,
        PUSH,
        DOUBLE,
        BOOLEAN,
        VERBATIM,
        BIG_NUMBER,
        /** Whatever it is. */
        ANY
    }

    /** What a way into the store can tell apart. */
    public enum Form {
        RESP3,
        /** Maps, sets and pushes are flat arrays; numbers with a fraction are bulk strings; truth is 1 or 0. */
        RESP2,
        /** As in RESP2, but a script cannot tell no aggregate from no value. */
        SCRIPTED,
        /** The objects that callers in the same JVM receive: sets are lists, and nothing is nothing. */
        OBJECTS
    }

    public static final Answer NIL = of(Kind.NIL, "");

    public static Answer of(Kind kind, String text) {
        return new Answer(kind, text, List.of(), false);
    }

    public static Answer bulk(String text) {
        return of(Kind.BULK, text);
    }

    public static Answer of(Kind kind, List<Answer> parts) {
        return new Answer(kind, "", List.copyOf(parts), kind == Kind.SET || kind == Kind.MAP);
    }

    /** The same, its parts in any order. */
    public Answer inAnyOrder() {
        return new Answer(kind, text, parts, true);
    }

    public boolean isError() {
        return kind == Kind.ERROR;
    }

    /** What this RESP3 answer is in another form. */
    public Answer in(Form form) {
        List<Answer> converted = new ArrayList<>();
        parts.forEach(part -> converted.add(part.in(form)));
        return switch (form) {
            case RESP3 -> kind == Kind.NIL_ARRAY ? NIL : new Answer(kind, text, converted, unordered);
            case RESP2, SCRIPTED ->
                switch (kind) {
                    case NIL_ARRAY -> form == Form.SCRIPTED ? NIL : this;
                    case SET, PUSH -> new Answer(Kind.ARRAY, "", converted, unordered);
                    case MAP -> flat(converted);
                    case DOUBLE, BIG_NUMBER, VERBATIM -> bulk(text);
                    case BOOLEAN -> of(Kind.INTEGER, text.equals("t") ? "1" : "0");
                    default -> new Answer(kind, text, converted, unordered);
                };
            case OBJECTS ->
                switch (kind) {
                    case SET, PUSH -> new Answer(Kind.ARRAY, "", converted, unordered);
                    case NIL_ARRAY -> NIL;
                    case VERBATIM -> of(Kind.SIMPLE, text);
                    // An object has a value; how many digits a server shows of it is not in there.
                    case DOUBLE ->
                        of(Kind.DOUBLE, text.endsWith("inf") ? text : EmbeddedSession.show(Double.parseDouble(text)));
                    default -> new Answer(kind, text, converted, unordered);
                };
        };
    }

    /** A map's pairs without the map. Pairs stay together, though in any order. */
    private static Answer flat(List<Answer> parts) {
        return new Answer(Kind.MAP, "flat", parts, true);
    }

    /** Whether an actual answer is what this one expects. */
    public boolean accepts(Answer actual) {
        if (kind == Kind.ANY) {
            return true;
        }
        boolean flat = kind == Kind.MAP && text.equals("flat");
        if (actual.kind != (flat ? Kind.ARRAY : kind) || actual.parts.size() != parts.size()) {
            return false;
        }
        if (!flat && !text.equals(actual.text)) {
            return false;
        }
        int step = kind == Kind.MAP ? 2 : 1;
        return unordered ? acceptsAnyOrder(actual.parts, step) : acceptsInOrder(parts, actual.parts);
    }

    private static boolean acceptsInOrder(List<Answer> expected, List<Answer> actual) {
        for (int i = 0; i < expected.size(); i++) {
            if (!expected.get(i).accepts(actual.get(i))) {
                return false;
            }
        }
        return true;
    }

    private boolean acceptsAnyOrder(List<Answer> actual, int step) {
        List<List<Answer>> left = groups(actual, step);
        for (List<Answer> wanted : groups(parts, step)) {
            boolean found = false;
            for (int i = 0; i < left.size() && !found; i++) {
                if (acceptsInOrder(wanted, left.get(i))) {
                    left.remove(i);
                    found = true;
                }
            }
            if (!found) {
                return false;
            }
        }
        return true;
    }

    private static List<List<Answer>> groups(List<Answer> parts, int step) {
        List<List<Answer>> groups = new ArrayList<>();
        for (int i = 0; i < parts.size(); i += step) {
            groups.add(parts.subList(i, i + step));
        }
        return groups;
    }

    /** The same with its parts sorted, in groups of {@code step}. */
    public Answer sorted(int step) {
        List<List<Answer>> groups = groups(parts, step);
        groups.sort(Comparator.comparing(Object::toString));
        return new Answer(kind, text, groups.stream().flatMap(List::stream).toList(), unordered);
    }

    @Override
    public String toString() {
        return Notation.show(this);
    }
}
