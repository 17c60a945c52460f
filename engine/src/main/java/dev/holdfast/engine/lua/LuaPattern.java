package dev.holdfast.engine.lua;

import org.jspecify.annotations.Nullable;

/**
 * Matches a pattern of Lua at places of a string, by backtracking. A pattern can be written so that this takes longer than
 * anybody waits, so the matcher lets the interpreter's watch look now and then.
 */
final class LuaPattern {
    private static final int MAX_CAPTURES = 32;
    private static final int UNFINISHED = -1;
    private static final int POSITION = -2;
    private static final int NO = -1;
    private static final int STEPS_PER_TURN = 16;

    private final Arguments args;
    private final byte[] text;
    private final byte[] pattern;
    private final int[] starts = new int[MAX_CAPTURES];
    private final int[] lengths = new int[MAX_CAPTURES];
    private int captures;
    private int steps;

    LuaPattern(Arguments args, byte[] text, byte[] pattern) {
        this.args = args;
        this.text = text;
        this.pattern = pattern;
    }

    /** Matches the pattern, from a place in it on, at a place of the text. Returns the end of the match, or -1. */
    int match(int at, int from) {
        captures = 0;
        return matchHere(at, from);
    }

    int captures() {
        return captures;
    }

    private int patternAt(int index) {
        return index < pattern.length ? pattern[index] & 0xFF : 0;
    }

    private void step() {
        if (++steps >= STEPS_PER_TURN) {
            steps = 0;
            Lua lua = args.lua();
            if (--lua.turns < 0) {
                lua.look(false);
            }
        }
    }

    private int matchHere(int start, int from) {
        int s = start;
        int p = from;
        while (p < pattern.length) {
            step();
            int c = pattern[p] & 0xFF;
            if (c == '(') {
                return patternAt(p + 1) == ')' ? startCapture(s, p + 2, POSITION) : startCapture(s, p + 1, UNFINISHED);
            }
            if (c == ')') {
                return endCapture(s, p + 1);
            }
            if (c == '$' && p + 1 == pattern.length) {
                return s == text.length ? s : NO;
            }
            if (c == '%') {
                int next = patternAt(p + 1);
                if (next == 'b' && p + 1 < pattern.length) {
                    s = matchBalance(s, p + 2);
                    if (s < 0) {
                        return NO;
                    }
                    p += 4;
                    continue;
                }
                if (next == 'f') {
                    p += 2;
                    if (patternAt(p) != '[') {
                        throw args.error("missing '[' after '%f' in pattern");
                    }
                    int end = classEnd(p);
                    int previous = s == 0 ? 0 : text[s - 1] & 0xFF;
                    int present = s < text.length ? text[s] & 0xFF : 0;
                    if (matchesSet(previous, p, end - 1) || !matchesSet(present, p, end - 1)) {
                        return NO;
                    }
                    p = end;
                    continue;
                }
                if (next >= '0' && next <= '9') {
                    s = matchCapture(s, next);
                    if (s < 0) {
                        return NO;
                    }
                    p += 2;
                    continue;
                }
            }
            int end = classEnd(p);
            boolean matches = s < text.length && matchesOne(text[s] & 0xFF, p, end);
            switch (patternAt(end)) {
                case '?' -> {
                    if (matches) {
                        int result = matchHere(s + 1, end + 1);
                        if (result >= 0) {
                            return result;
                        }
                    }
                    p = end + 1;
                }
                case '*' -> {
                    return expandMost(s, p, end);
                }
                case '+' -> {
                    return matches ? expandMost(s + 1, p, end) : NO;
                }
                case '-' -> {
                    return expandLeast(s, p, end);
                }
                default -> {
                    if (!matches) {
                        return NO;
                    }
                    s++;
                    p = end;
                }
            }
        }
        return s;
    }

    private int expandMost(int s, int p, int end) {
        int count = 0;
        while (s + count < text.length && matchesOne(text[s + count] & 0xFF, p, end)) {
            count++;
        }
        for (; count >= 0; count--) {
            step();
            int result = matchHere(s + count, end + 1);
            if (result >= 0) {
                return result;
            }
        }
        return NO;
    }

    private int expandLeast(int start, int p, int end) {
        for (int s = start; ; s++) {
            step();
            int result = matchHere(s, end + 1);
            if (result >= 0) {
                return result;
            }
            if (s >= text.length || !matchesOne(text[s] & 0xFF, p, end)) {
                return NO;
            }
        }
    }

    private int startCapture(int s, int p, int what) {
        if (captures >= MAX_CAPTURES) {
            throw args.error("too many captures");
        }
        starts[captures] = s;
        lengths[captures] = what;
        captures++;
        int result = matchHere(s, p);
        if (result < 0) {
            captures--;
        }
        return result;
    }

    private int endCapture(int s, int p) {
        int open = -1;
        for (int i = captures - 1; i >= 0 && open < 0; i--) {
            if (lengths[i] == UNFINISHED) {
                open = i;
            }
        }
        if (open < 0) {
            throw args.error("invalid pattern capture");
        }
        lengths[open] = s - starts[open];
        int result = matchHere(s, p);
        if (result < 0) {
            lengths[open] = UNFINISHED;
        }
        return result;
    }

    private int matchCapture(int s, int digit) {
        int index = digit - '1';
        if (index < 0 || index >= captures || lengths[index] == UNFINISHED) {
            throw args.error("invalid capture index");
        }
        int length = Math.max(0, lengths[index]);
        boolean same = text.length - s >= length
                && java.util.Arrays.equals(text, starts[index], starts[index] + length, text, s, s + length);
        return same ? s + length : NO;
    }

    private int matchBalance(int start, int p) {
        if (p + 1 >= pattern.length) {
            throw args.error("unbalanced pattern");
        }
        if (start >= text.length || text[start] != pattern[p]) {
            return NO;
        }
        int open = 1;
        for (int s = start + 1; s < text.length; s++) {
            if (text[s] == pattern[p + 1]) {
                if (--open == 0) {
                    return s + 1;
                }
            } else if (text[s] == pattern[p]) {
                open++;
            }
        }
        return NO;
    }

    private int classEnd(int from) {
        int p = from;
        int c = patternAt(p++);
        if (c == '%') {
            if (p >= pattern.length) {
                throw args.error("malformed pattern (ends with '%')");
            }
            return p + 1;
        }
        if (c == '[') {
            if (patternAt(p) == '^') {
                p++;
            }
            do {
                if (p >= pattern.length) {
                    throw args.error("malformed pattern (missing ']')");
                }
                if (patternAt(p++) == '%' && p < pattern.length) {
                    p++;
                }
            } while (p >= pattern.length || patternAt(p) != ']');
            return p + 1;
        }
        return p;
    }

    private boolean matchesOne(int c, int p, int end) {
        return switch (pattern[p]) {
            case '.' -> true;
            case '%' -> matchesClass(c, patternAt(p + 1));
            case '[' -> matchesSet(c, p, end - 1);
            default -> (pattern[p] & 0xFF) == c;
        };
    }

    private boolean matchesSet(int c, int from, int end) {
        int p = from;
        boolean found = true;
        if (patternAt(p + 1) == '^') {
            found = false;
            p++;
        }
        while (++p < end) {
            if (patternAt(p) == '%') {
                p++;
                if (matchesClass(c, patternAt(p))) {
                    return found;
                }
            } else if (patternAt(p + 1) == '-' && p + 2 < end) {
                p += 2;
                if (patternAt(p - 2) <= c && c <= patternAt(p)) {
                    return found;
                }
            } else if (patternAt(p) == c) {
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
