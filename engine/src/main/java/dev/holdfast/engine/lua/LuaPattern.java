package dev.holdfast.engine.lua;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Matches a pattern of Lua at places of a string, by backtracking. The choices that are still open are on a stack of its own, so
 * that a pattern may be as long as there is memory. A pattern can also be written so that matching takes longer than any client
 * waits: the matcher lets the interpreter's watch look now and then, and can be suspended.
 */
final class LuaPattern {
    /** What {@link #match} returns where there is no match. */
    static final int NO = -1;

    /** What {@link #match} returns where the program is to be suspended; {@link #proceed} goes on. */
    static final int SUSPENDED = -2;

    private static final int MAX_CAPTURES = 32;
    private static final int UNFINISHED = -1;
    private static final int POSITION = -2;
    private static final int STEPS_PER_TURN = 16;

    // A choice is four numbers: what it is, a place in the text, one in the pattern, and one that depends on what it
    // is.
    private static final int CHOICE = 4;

    /** To go on at both places. */
    private static final int SKIP = 0;

    /** To repeat an item once less: the text's place is where it begins, the number how often it was repeated. */
    private static final int LESS = 1;

    /** To repeat an item once more: the pattern's place is the item, the number is its end. */
    private static final int MORE = 2;

    /** No choice: a capture was begun, which is to be forgotten. */
    private static final int BEGUN = 3;

    /** No choice: the capture of that number was ended. */
    private static final int ENDED = 4;

    private final Arguments args;
    private final byte[] text;
    private final byte[] pattern;
    private final int[] starts = new int[MAX_CAPTURES];
    private final int[] lengths = new int[MAX_CAPTURES];
    private int captures;
    private int[] choices = new int[8 * CHOICE];
    private int open;
    private int steps;

    /** Where the match has come to, in the text and in the pattern. */
    private int s;

    private int p;

    LuaPattern(Arguments args, byte[] text, byte[] pattern) {
        this.args = args;
        this.text = text;
        this.pattern = pattern;
    }

    /** Matches the pattern, from a place in it on, at a place of the text. Returns the end of the match, or a number below 0. */
    int match(int at, int from) {
        captures = 0;
        open = 0;
        s = at;
        p = from;
        return proceed();
    }

    /** Goes on where the match was suspended. */
    int proceed() {
        while (p < pattern.length) {
            if (steps >= STEPS_PER_TURN && suspends()) {
                return SUSPENDED;
            }
            steps++;
            if (!matchItem() && !retreat()) {
                return NO;
            }
        }
        return s;
    }

    int captures() {
        return captures;
    }

    /** Takes note of so many comparisons beyond the one that each item is. */
    private void spend(long comparisons) {
        steps = (int) Math.min(Integer.MAX_VALUE / 2, steps + comparisons / STEPS_PER_TURN);
    }

    private boolean suspends() {
        Lua lua = args.lua();
        lua.turns -= steps / STEPS_PER_TURN;
        steps = 0;
        return lua.turns < 0 && lua.look(args.thread().canSuspend());
    }

    private int patternAt(int index) {
        return index < pattern.length ? pattern[index] & 0xFF : 0;
    }

    // ---- choices ----

    private void choose(int what, int inText, int inPattern, int number) {
        if (open + CHOICE > choices.length) {
            args.lua().memory().charge((long) choices.length * Integer.BYTES);
            choices = Arrays.copyOf(choices, choices.length * 2);
        }
        choices[open] = what;
        choices[open + 1] = inText;
        choices[open + 2] = inPattern;
        choices[open + 3] = number;
        open += CHOICE;
    }

    /** Goes back to the latest choice that another way is left of, and takes that. Returns false if there is none. */
    private boolean retreat() {
        while (open > 0) {
            open -= CHOICE;
            int inText = choices[open + 1];
            int inPattern = choices[open + 2];
            int number = choices[open + 3];
            switch (choices[open]) {
                case SKIP -> {
                    s = inText;
                    p = inPattern;
                    return true;
                }
                case LESS -> {
                    s = inText + number - 1;
                    p = inPattern;
                    if (number > 1) {
                        choose(LESS, inText, inPattern, number - 1);
                    }
                    return true;
                }
                case MORE -> {
                    if (inText < text.length && matchesOne(text[inText] & 0xFF, inPattern, number)) {
                        s = inText + 1;
                        p = number + 1;
                        choose(MORE, s, inPattern, number);
                        return true;
                    }
                }
                case BEGUN -> captures--;
                default -> lengths[number] = UNFINISHED;
            }
        }
        return false;
    }

    // ---- items ----

    /** Matches the item of the pattern that comes next. Returns whether it does match here. */
    private boolean matchItem() {
        int c = pattern[p] & 0xFF;
        if (c == '(') {
            return patternAt(p + 1) == ')' ? beginCapture(p + 2, POSITION) : beginCapture(p + 1, UNFINISHED);
        }
        if (c == ')') {
            endCapture();
            return true;
        }
        if (c == '$' && p + 1 == pattern.length) {
            p++;
            return s == text.length;
        }
        if (c == '%') {
            int next = patternAt(p + 1);
            if (next == 'b' && p + 1 < pattern.length) {
                s = matchBalance(s, p + 2);
                p += 4;
                return s >= 0;
            }
            if (next == 'f') {
                return matchFrontier();
            }
            if (next >= '0' && next <= '9') {
                s = matchCapture(s, next);
                p += 2;
                return s >= 0;
            }
        }
        return matchRepeated(p, classEnd(p));
    }

    private boolean matchFrontier() {
        p += 2;
        if (patternAt(p) != '[') {
            throw args.error("missing '[' after '%f' in pattern");
        }
        int end = classEnd(p);
        int previous = s == 0 ? 0 : text[s - 1] & 0xFF;
        int present = s < text.length ? text[s] & 0xFF : 0;
        boolean matches = !matchesSet(previous, p, end - 1) && matchesSet(present, p, end - 1);
        p = end;
        return matches;
    }

    /** Matches one character, or as many as the sign behind it says. */
    private boolean matchRepeated(int item, int end) {
        spend(end - item);
        boolean matches = s < text.length && matchesOne(text[s] & 0xFF, item, end);
        p = end + 1;
        switch (patternAt(end)) {
            case '?' -> {
                if (matches) {
                    choose(SKIP, s, p, 0);
                    s++;
                }
                return true;
            }
            case '*' -> {
                matchMost(item, end);
                return true;
            }
            case '+' -> {
                s++;
                if (matches) {
                    matchMost(item, end);
                }
                return matches;
            }
            case '-' -> {
                choose(MORE, s, item, end);
                return true;
            }
            default -> {
                s++;
                p = end;
                return matches;
            }
        }
    }

    private void matchMost(int item, int end) {
        int count = 0;
        while (s + count < text.length && matchesOne(text[s + count] & 0xFF, item, end)) {
            count++;
        }
        spend((long) count * (end - item));
        if (count > 0) {
            choose(LESS, s, p, count);
            s += count;
        }
    }

    private boolean beginCapture(int next, int what) {
        if (captures >= MAX_CAPTURES) {
            throw args.error("too many captures");
        }
        starts[captures] = s;
        lengths[captures] = what;
        captures++;
        choose(BEGUN, 0, 0, 0);
        p = next;
        return true;
    }

    private void endCapture() {
        int ended = -1;
        for (int i = captures - 1; i >= 0 && ended < 0; i--) {
            if (lengths[i] == UNFINISHED) {
                ended = i;
            }
        }
        if (ended < 0) {
            throw args.error("invalid pattern capture");
        }
        lengths[ended] = s - starts[ended];
        choose(ENDED, 0, 0, ended);
        p++;
    }

    private int matchCapture(int at, int digit) {
        int index = digit - '1';
        if (index < 0 || index >= captures || lengths[index] == UNFINISHED) {
            throw args.error("invalid capture index");
        }
        int length = Math.max(0, lengths[index]);
        spend(length);
        boolean same = text.length - at >= length
                && Arrays.equals(text, starts[index], starts[index] + length, text, at, at + length);
        return same ? at + length : NO;
    }

    private int matchBalance(int start, int from) {
        if (from + 1 >= pattern.length) {
            throw args.error("unbalanced pattern");
        }
        if (start >= text.length || text[start] != pattern[from]) {
            return NO;
        }
        int opened = 1;
        int at = start + 1;
        for (; at < text.length && opened > 0; at++) {
            if (text[at] == pattern[from + 1]) {
                opened--;
            } else if (text[at] == pattern[from]) {
                opened++;
            }
        }
        spend(at - start);
        return opened == 0 ? at : NO;
    }

    private int classEnd(int from) {
        int at = from;
        int c = patternAt(at++);
        if (c == '%') {
            if (at >= pattern.length) {
                throw args.error("malformed pattern (ends with '%')");
            }
            return at + 1;
        }
        if (c == '[') {
            if (patternAt(at) == '^') {
                at++;
            }
            do {
                if (at >= pattern.length) {
                    throw args.error("malformed pattern (missing ']')");
                }
                if (patternAt(at++) == '%' && at < pattern.length) {
                    at++;
                }
            } while (at >= pattern.length || patternAt(at) != ']');
            return at + 1;
        }
        return at;
    }

    private boolean matchesOne(int c, int item, int end) {
        return switch (pattern[item]) {
            case '.' -> true;
            case '%' -> matchesClass(c, patternAt(item + 1));
            case '[' -> matchesSet(c, item, end - 1);
            default -> (pattern[item] & 0xFF) == c;
        };
    }

    private boolean matchesSet(int c, int from, int end) {
        int at = from;
        boolean found = true;
        if (patternAt(at + 1) == '^') {
            found = false;
            at++;
        }
        while (++at < end) {
            if (patternAt(at) == '%') {
                at++;
                if (matchesClass(c, patternAt(at))) {
                    return found;
                }
            } else if (patternAt(at + 1) == '-' && at + 2 < end) {
                at += 2;
                if (patternAt(at - 2) <= c && c <= patternAt(at)) {
                    return found;
                }
            } else if (patternAt(at) == c) {
                return found;
            }
        }
        return !found;
    }

    private static boolean matchesClass(int c, int type) {
        boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
        boolean digit = c >= '0' && c <= '9';
        boolean result = switch (type | 0x20) {
            case 'a' -> letter;
            case 'c' -> c < 32 || c == 127;
            case 'd' -> digit;
            case 'l' -> c >= 'a' && c <= 'z';
            case 'p' -> c > 32 && c < 127 && !letter && !digit;
            case 's' -> c == ' ' || c >= '\t' && c <= '\r';
            case 'u' -> c >= 'A' && c <= 'Z';
            case 'w' -> letter || digit;
            case 'x' -> LuaNumbers.digit(c) < 16;
            case 'z' -> c == 0;
            default -> type == c;
        };
        boolean isClass = "acdlpsuwxz".indexOf(type | 0x20) >= 0 && (type | 0x20) >= 'a' && Character.isLetter(type);
        return isClass && type < 'a' ? !result : isClass ? result : type == c;
    }

    /** A capture: a string or a position. The match itself stands for the first where the pattern has none. */
    Object capture(int index, int start, int end) {
        if (index >= captures) {
            if (index != 0) {
                throw args.error("invalid capture index");
            }
            return new LuaString(text, start, end);
        }
        int length = lengths[index];
        if (length == UNFINISHED) {
            throw args.error("unfinished capture");
        }
        return length == POSITION
                ? LuaNumbers.box(starts[index] + 1)
                : new LuaString(text, starts[index], starts[index] + length);
    }

    /** All captures; the whole match if there are none and {@code orWhole}. */
    @Nullable
    Object[] allCaptures(int start, int end, boolean orWhole) {
        int count = captures == 0 && orWhole ? 1 : captures;
        @Nullable Object[] all = new Object[count];
        for (int i = 0; i < count; i++) {
            all[i] = capture(i, start, end);
        }
        return all;
    }
}
