package dev.holdfast.engine.base;

/**
 * Glob-style patterns over bytes: {@code *}, {@code ?}, {@code [a-c]}, {@code [^x]} and backslash escapes, matched as Valkey's
 * {@code KEYS} does.
 *
 * <p>Only the last star seen is ever reconsidered: when the pattern behind it fails, that star takes one byte more. An earlier
 * star need not change, because whatever it could reach the later one reaches too. So the work is at most the product of
 * the two lengths, without recursion.
 *
 * <p>Two of Valkey's peculiarities are kept: a pattern with more than a thousand stars that something follows matches nothing,
 * and so does every pattern, even a star, where the text is empty.
 */
public final class Glob {
    private static final int MOST_STARS = 1000;

    private Glob() {}

    public static boolean matches(Slice pattern, Slice text) {
        return matches(
                pattern.array(), pattern.offset(), pattern.length(), text.array(), text.offset(), text.length(), false);
    }

    public static boolean matches(byte[] pattern, Slice text) {
        return matches(pattern, 0, pattern.length, text.array(), text.offset(), text.length(), false);
    }

    public static boolean matches(String pattern, String text, boolean ignoreCase) {
        byte[] p = Slice.of(pattern).array();
        byte[] t = Slice.of(text).array();
        return matches(p, 0, p.length, t, 0, t.length, ignoreCase);
    }

    public static boolean matches(
            byte[] pattern,
            int patternOffset,
            int patternLength,
            byte[] text,
            int textOffset,
            int textLength,
            boolean ignoreCase) {
        int p = patternOffset;
        int t = textOffset;
        int patternEnd = patternOffset + patternLength;
        int textEnd = textOffset + textLength;
        int afterStar = -1;
        int starText = 0;
        int stars = 0;
        if (textLength == 0) {
            return patternLength == 0;
        }
        while (t < textEnd) {
            int next;
            if (p == patternEnd) {
                next = -1;
            } else if (pattern[p] == '*') {
                do {
                    p++;
                } while (p < patternEnd && pattern[p] == '*');
                if (p == patternEnd) {
                    return true;
                }
                if (++stars > MOST_STARS) {
                    return false;
                }
                afterStar = p;
                starText = t;
                continue;
            } else {
                next = matchOne(pattern, p, patternEnd, text[t], ignoreCase);
            }
            if (next >= 0) {
                p = next;
                t++;
            } else if (afterStar >= 0) {
                p = afterStar;
                t = ++starText;
            } else {
                return false;
            }
        }
        while (p < patternEnd && pattern[p] == '*') {
            p++;
        }
        return p == patternEnd;
    }

    /** Matches one byte with the pattern element at {@code p}; the position after the element, or -1. */
    private static int matchOne(byte[] pattern, int p, int end, byte b, boolean ignoreCase) {
        int c = fold(b, ignoreCase);
        return switch (pattern[p]) {
            case '?' -> p + 1;
            case '[' -> matchClass(pattern, p + 1, end, c, ignoreCase);
            default -> {
                int literal = pattern[p] == '\\' && p + 1 < end ? p + 1 : p;
                yield fold(pattern[literal], ignoreCase) == c ? literal + 1 : -1;
            }
        };
    }

    /** A class that is never closed ends with the pattern, as in Valkey. */
    private static int matchClass(byte[] pattern, int from, int end, int c, boolean ignoreCase) {
        int p = from;
        boolean negated = p < end && pattern[p] == '^';
        if (negated) {
            p++;
        }
        boolean found = false;
        while (p < end && pattern[p] != ']') {
            if (pattern[p] == '\\' && p + 1 < end) {
                found |= fold(pattern[p + 1], ignoreCase) == c;
                p += 2;
            } else if (p + 2 < end && pattern[p + 1] == '-') {
                int first = fold(pattern[p], ignoreCase);
                int last = fold(pattern[p + 2], ignoreCase);
                found |= c >= Math.min(first, last) && c <= Math.max(first, last);
                p += 3;
            } else {
                found |= fold(pattern[p], ignoreCase) == c;
                p++;
            }
        }
        return found == negated ? -1 : Math.min(p + 1, end);
    }

    private static int fold(byte b, boolean ignoreCase) {
        return ignoreCase && b >= 'A' && b <= 'Z' ? b + 32 : b & 0xFF;
    }
}
