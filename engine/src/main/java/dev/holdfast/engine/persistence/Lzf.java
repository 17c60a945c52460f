package dev.holdfast.engine.persistence;

import java.util.Arrays;

/**
 * The compression of long strings in RDB files: LZF, as liblzf has it.
 *
 * <pre>
 *   000LLLLL                     L + 1 bytes follow as they are
 *   LLLooooo oooooooo            L + 2 bytes (L from 1 to 6) are those that lie o + 1 bytes back
 *   111ooooo LLLLLLLL oooooooo   the same for L + 9 bytes
 * </pre>
 *
 * <p>The compressor looks three bytes up in a table of the positions where it saw such before. Its entries count on from one call
 * to the next, so that those of earlier calls are too small to be taken for valid and the table need not be emptied.
 */
final class Lzf {
    private static final int HASH_BITS = 14;
    private static final int MOST_LITERALS = 32;
    private static final int MOST_BACK = 1 << 13;
    private static final int LONGEST_MATCH = 264;
    private static final int SHORT_MATCH = 8;

    private final int[] seen = new int[1 << HASH_BITS];
    private int base = 1;

    /**
     * Compresses.
     *
     * @param limit the most bytes the result may have
     * @return how many bytes it has, or 0 where it would have more
     */
    int compress(byte[] source, int offset, int length, byte[] target, int targetAt, int limit) {
        if (length < 4 || limit < 4) {
            return 0;
        }
        if (base > Integer.MAX_VALUE - length - 1) {
            Arrays.fill(seen, 0);
            base = 1;
        }
        int shift = base - offset;
        int end = offset + length;
        int targetEnd = targetAt + limit;
        int at = offset;
        int literalsAt = offset;
        int out = targetAt;
        while (at < end - 2) {
            int slot = hash(source, at);
            int match = seen[slot] - shift;
            seen[slot] = at + shift;
            if (match < offset
                    || at - match > MOST_BACK
                    || source[match] != source[at]
                    || source[match + 1] != source[at + 1]
                    || source[match + 2] != source[at + 2]) {
                at++;
                continue;
            }
            int most = Math.min(LONGEST_MATCH, end - at);
            int same = 3;
            while (same < most && source[match + same] == source[at + same]) {
                same++;
            }
            out = literals(source, literalsAt, at, target, out, targetEnd);
            if (out < 0 || out + 3 > targetEnd) {
                base += length;
                return 0;
            }
            int back = at - match - 1;
            if (same <= SHORT_MATCH) {
                target[out++] = (byte) (same - 2 << 5 | back >> 8);
            } else {
                target[out++] = (byte) (7 << 5 | back >> 8);
                target[out++] = (byte) (same - 9);
            }
            target[out++] = (byte) back;
            int behind = at + same;
            if (behind < end - 2) {
                seen[hash(source, behind - 1)] = behind - 1 + shift;
            }
            at = behind;
            literalsAt = behind;
        }
        base += length;
        out = literals(source, literalsAt, end, target, out, targetEnd);
        return out < 0 ? 0 : out - targetAt;
    }

    private static int hash(byte[] source, int at) {
        int three = (source[at] & 0xFF) << 16 | (source[at + 1] & 0xFF) << 8 | source[at + 2] & 0xFF;
        return three * 0x9E3779B1 >>> Integer.SIZE - HASH_BITS;
    }

    /** Writes bytes as they are; gives the position behind them, or -1 where there is no room. */
    private static int literals(byte[] source, int from, int to, byte[] target, int out, int targetEnd) {
        int at = from;
        int position = out;
        while (at < to) {
            int count = Math.min(MOST_LITERALS, to - at);
            if (position + 1 + count > targetEnd) {
                return -1;
            }
            target[position++] = (byte) (count - 1);
            System.arraycopy(source, at, target, position, count);
            position += count;
            at += count;
        }
        return position;
    }

    /** Expands all of the source to fill exactly {@code targetLength} bytes. Returns false where it does not. */
    static boolean expand(byte[] source, int offset, int length, byte[] target, int targetAt, int targetLength) {
        int at = offset;
        int end = offset + length;
        int out = targetAt;
        int targetEnd = targetAt + targetLength;
        while (at < end) {
            int control = source[at++] & 0xFF;
            if (control < MOST_LITERALS) {
                int count = control + 1;
                if (count > end - at || count > targetEnd - out) {
                    return false;
                }
                System.arraycopy(source, at, target, out, count);
                at += count;
                out += count;
                continue;
            }
            int count = control >> 5;
            if (count == 7) {
                if (at == end) {
                    return false;
                }
                count += source[at++] & 0xFF;
            }
            count += 2;
            if (at == end) {
                return false;
            }
            int from = out - ((control & 0x1F) << 8 | source[at++] & 0xFF) - 1;
            if (from < targetAt || count > targetEnd - out) {
                return false;
            }
            if (out - from >= count) {
                System.arraycopy(target, from, target, out, count);
                out += count;
            } else {
                for (int i = 0; i < count; i++) {
                    target[out++] = target[from++];
                }
            }
        }
        return out == targetEnd;
    }
}
