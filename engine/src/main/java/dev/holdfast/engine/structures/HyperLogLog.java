package dev.holdfast.engine.structures;

import dev.holdfast.engine.base.Slice;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * An estimate of how many different elements have been seen, in the format of Valkey, which keeps it in an ordinary string.
 *
 * <p>The low 14 bits of an element's hash choose one of 16,384 registers; the register remembers the longest run of zeros, plus
 * one, that the other 50 bits of such a hash have begun with. From how many registers hold which number, Otmar Ertl's
 * estimator ("New cardinality estimation algorithms for HyperLogLog sketches", 2017) computes the count, with a standard
 * error of 0.81 %.
 *
 * <pre>
 *  0       4          5         8                        16
 *  +-------+----------+---------+------------------------+-----------
 *  | HYLL  | encoding | zeros   | cached count           | registers
 *  | 4     | 1        | 3       | 8, little endian       |
 *  +-------+----------+---------+------------------------+-----------
 *
 *  encoding      0 dense, 1 sparse
 *  cached count  not valid if its highest bit is set
 *
 *  dense         6 bits a register, lowest bits first:
 *                |11000000|22221111|33333322|55444444| …
 *  sparse        runs of equal registers, of one byte or two:
 *                00llllll            ZERO    l + 1 registers of 0
 *                01llllll llllllll   XZERO   l + 1 registers of 0
 *                1vvvvvll            VAL     l + 1 registers of v + 1
 * </pre>
 *
 * <p>A sketch begins sparse and becomes dense when it would take more than {@code hll-sparse-max-bytes}, or when a register
 * exceeds 32. An object of this class is a copy of such a string, to be read and changed; it is put back as a whole.
 */
public final class HyperLogLog {
    /** How many registers there are. */
    public static final int REGISTERS = 1 << 14;

    private static final int HASH_BITS = 50;
    private static final int REGISTER_BITS = 6;
    private static final int REGISTER_MAX = 63;
    private static final int ENCODING = 4;
    private static final int COUNT = 8;
    private static final int HEADER = 16;
    private static final byte DENSE = 0;
    private static final byte SPARSE = 1;
    private static final int DENSE_BYTES = HEADER + REGISTERS * REGISTER_BITS / 8;

    private static final int ZERO_MAX_LENGTH = 64;
    private static final int VAL_MAX_VALUE = 32;
    private static final int VAL_MAX_LENGTH = 4;

    /** By how much a sparse sketch grows when a register changes: a long run of zeros is cut in two. */
    private static final int MOST_GROWTH = 3;

    /** How many runs, from the one before a change, are looked at for some that can be joined. */
    private static final int JOINED_RUNS = 5;

    /** One divided by two times the natural logarithm of two. */
    private static final double ALPHA = 0.7213475204444817;

    private static final long SEED = 0xadc83b19L;
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** A sparse sketch whose runs do not add up to the number of registers. */
    public static final class CorruptedException extends RuntimeException {
        private static final long serialVersionUID = 1;

        CorruptedException() {
            super("corrupted", null, false, false);
        }
    }

    /** The string, with some zeros behind its end. */
    private byte[] bytes;

    private int length;

    private HyperLogLog(byte[] bytes, int length) {
        this.bytes = bytes;
        this.length = length;
    }

    /** One that has seen nothing. */
    public static HyperLogLog create() {
        byte[] bytes = new byte[HEADER + 2 + MOST_GROWTH + 1];
        bytes[0] = 'H';
        bytes[1] = 'Y';
        bytes[2] = 'L';
        bytes[3] = 'L';
        bytes[ENCODING] = SPARSE;
        writeZeros(bytes, HEADER, REGISTERS);
        return new HyperLogLog(bytes, HEADER + 2);
    }

    /** The sketch that a string is, which must be {@link #isValid}. */
    public static HyperLogLog copyOf(Slice string) {
        byte[] bytes = new byte[string.length() + MOST_GROWTH + 1];
        string.copyTo(bytes, 0);
        return new HyperLogLog(bytes, string.length());
    }

    /** Whether a string begins, and if dense also ends, as a sketch does. */
    public static boolean isValid(Slice string) {
        if (string.length() < HEADER
                || string.at(0) != 'H'
                || string.at(1) != 'Y'
                || string.at(2) != 'L'
                || string.at(3) != 'L') {
            return false;
        }
        return isDense(string) ? string.length() == DENSE_BYTES : string.at(ENCODING) == SPARSE;
    }

    public static boolean isDense(Slice string) {
        return string.at(ENCODING) == DENSE;
    }

    public boolean isDense() {
        return bytes[ENCODING] == DENSE;
    }

    /** The string; valid until the next change. */
    public Slice value() {
        return new Slice(bytes, 0, length);
    }

    // ---- the cached count ----

    /** The count that was computed last, or a negative number if there have been changes since. */
    public static long cachedCount(Slice string) {
        return (long) LONGS.get(string.array(), string.offset() + COUNT);
    }

    public void cacheCount(long count) {
        LONGS.set(bytes, COUNT, count);
    }

    public void forgetCount() {
        bytes[COUNT + 7] |= (byte) 0x80;
    }

    // ---- elements ----

    /**
     * Notes an element.
     *
     * @param maxSparseBytes the longest sparse form
     * @return whether a register has changed
     */
    public boolean add(Slice element, long maxSparseBytes) {
        long hash = hash(element.array(), element.offset(), element.length());
        return raise(register(hash), run(hash), maxSparseBytes);
    }

    private static int register(long hash) {
        return (int) hash & (REGISTERS - 1);
    }

    /** The place of the first one among the bits that do not choose the register, counted from 1. */
    private static int run(long hash) {
        return 1 + Long.numberOfTrailingZeros(hash >>> (Long.SIZE - HASH_BITS) | 1L << HASH_BITS);
    }

    /** Raises a register to a value. Returns whether it was lower. */
    public boolean raise(int register, int value, long maxSparseBytes) {
        return isDense() ? raiseDense(register, value) : raiseSparse(register, value, maxSparseBytes);
    }

    /** Raises registers to at least these values. */
    public void raiseAll(byte[] registers, long maxSparseBytes) {
        for (int i = 0; i < REGISTERS; i++) {
            if (registers[i] != 0) {
                raise(i, registers[i], maxSparseBytes);
            }
        }
    }

    /** The hash MurmurHash64A. */
    static long hash(byte[] array, int offset, int length) {
        long multiplier = 0xc6a4a7935bd1e995L;
        long hash = SEED ^ length * multiplier;
        int at = offset;
        int end = offset + length;
        for (; at <= end - Long.BYTES; at += Long.BYTES) {
            long word = (long) LONGS.get(array, at) * multiplier;
            word ^= word >>> 47;
            hash = (hash ^ word * multiplier) * multiplier;
        }
        if (at < end) {
            for (int i = end - 1; i >= at; i--) {
                hash ^= (array[i] & 0xFFL) << 8 * (i - at);
            }
            hash *= multiplier;
        }
        hash = (hash ^ hash >>> 47) * multiplier;
        return hash ^ hash >>> 47;
    }

    // ---- the dense form ----

    private static int dense(byte[] array, int registers, int index) {
        int bit = index * REGISTER_BITS;
        int at = registers + (bit >>> 3);
        int shift = bit & 7;
        int value = (array[at] & 0xFF) >>> shift;
        if (shift > 8 - REGISTER_BITS) {
            value |= (array[at + 1] & 0xFF) << (8 - shift);
        }
        return value & REGISTER_MAX;
    }

    private static void setDense(byte[] array, int index, int value) {
        int bit = index * REGISTER_BITS;
        int at = HEADER + (bit >>> 3);
        int shift = bit & 7;
        array[at] = (byte) (array[at] & ~(REGISTER_MAX << shift) | value << shift);
        if (shift > 8 - REGISTER_BITS) {
            array[at + 1] = (byte) (array[at + 1] & ~(REGISTER_MAX >>> (8 - shift)) | value >>> (8 - shift));
        }
    }

    private boolean raiseDense(int register, int value) {
        if (dense(bytes, HEADER, register) >= value) {
            return false;
        }
        setDense(bytes, register, value);
        return true;
    }

    /** Whether an element would change a dense sketch, which it mostly does not. */
    public static boolean wouldChange(Slice string, Slice element) {
        long hash = hash(element.array(), element.offset(), element.length());
        return dense(string.array(), string.offset() + HEADER, register(hash)) < run(hash);
    }

    /** Takes on the dense form. Returns whether the sketch was sparse. */
    public boolean toDense() {
        if (isDense()) {
            return false;
        }
        byte[] dense = new byte[DENSE_BYTES];
        System.arraycopy(bytes, 0, dense, 0, HEADER);
        dense[ENCODING] = DENSE;
        forEachRun((from, count, value) -> {
            for (int i = from; value > 0 && i < from + count; i++) {
                setDense(dense, i, value);
            }
        });
        bytes = dense;
        length = DENSE_BYTES;
        return true;
    }

    // ---- the sparse form ----

    private interface RunVisitor {
        void visit(int from, int count, int value);
    }

    private static boolean isVal(int run) {
        return run < 0;
    }

    /** Whether the run is one of two bytes. */
    private static boolean isXzero(int run) {
        return run >= 0x40;
    }

    private static int valueOf(int run) {
        return isVal(run) ? (run >>> 2 & 0x1F) + 1 : 0;
    }

    /** How many registers the run at {@code at} stands for. */
    private int lengthAt(int at) {
        int run = bytes[at];
        if (isVal(run)) {
            return (run & 3) + 1;
        }
        return isXzero(run) ? ((run & 0x3F) << 8 | bytes[at + 1] & 0xFF) + 1 : (run & 0x3F) + 1;
    }

    private int after(int at) {
        return at + (isXzero(bytes[at]) ? 2 : 1);
    }

    private static int writeZeros(byte[] target, int at, int count) {
        if (count > ZERO_MAX_LENGTH) {
            target[at] = (byte) (count - 1 >>> 8 | 0x40);
            target[at + 1] = (byte) (count - 1);
            return at + 2;
        }
        target[at] = (byte) (count - 1);
        return at + 1;
    }

    private static int writeVal(byte[] target, int at, int value, int count) {
        target[at] = (byte) (0x80 | value - 1 << 2 | count - 1);
        return at + 1;
    }

    private static int writeRun(byte[] target, int at, int value, int count) {
        if (count == 0) {
            return at;
        }
        return value == 0 ? writeZeros(target, at, count) : writeVal(target, at, value, count);
    }

    private void forEachRun(RunVisitor visitor) {
        int register = 0;
        for (int at = HEADER; at < length; at = after(at)) {
            int count = lengthAt(at);
            if (register + count > REGISTERS) {
                throw new CorruptedException();
            }
            visitor.visit(register, count, valueOf(bytes[at]));
            register += count;
        }
        if (register != REGISTERS) {
            throw new CorruptedException();
        }
    }

    private boolean raiseSparse(int register, int value, long maxSparseBytes) {
        if (value > VAL_MAX_VALUE) {
            toDense();
            return raiseDense(register, value);
        }
        int before = HEADER;
        int at = HEADER;
        int first = 0;
        while (at < length && register >= first + lengthAt(at)) {
            first += lengthAt(at);
            before = at;
            at = after(at);
        }
        if (at >= length) {
            throw new CorruptedException();
        }
        int old = valueOf(bytes[at]);
        if (old >= value) {
            return false;
        }
        // The run becomes up to three: what comes before the register, the register, and what comes after it.
        byte[] runs = new byte[2 + 1 + 2];
        int end = writeRun(runs, 0, old, register - first);
        end = writeVal(runs, end, value, 1);
        end = writeRun(runs, end, old, first + lengthAt(at) - 1 - register);
        int removed = after(at) - at;
        int growth = end - removed;
        if (growth > 0 && length + growth > maxSparseBytes) {
            toDense();
            return raiseDense(register, value);
        }
        if (length + growth >= bytes.length) {
            bytes = Arrays.copyOf(bytes, length + length / 4 + MOST_GROWTH + 1);
        }
        if (at + removed < length) {
            System.arraycopy(bytes, at + removed, bytes, at + end, length - at - removed);
        }
        System.arraycopy(runs, 0, bytes, at, end);
        length += growth;
        bytes[length] = 0;
        join(before);
        return true;
    }

    /** Joins neighbouring runs of the same value where one can stand for both. */
    private void join(int from) {
        int at = from;
        for (int i = 0; i < JOINED_RUNS && at < length; i++) {
            int run = bytes[at];
            int next = at + 1;
            if (isVal(run) && next < length && isVal(bytes[next]) && valueOf(run) == valueOf(bytes[next])) {
                int count = lengthAt(at) + lengthAt(next);
                if (count <= VAL_MAX_LENGTH) {
                    writeVal(bytes, next, valueOf(run), count);
                    System.arraycopy(bytes, next, bytes, at, length - next);
                    length--;
                    bytes[length] = 0;
                    continue;
                }
            }
            at = after(at);
        }
    }

    /** The runs of a sparse sketch as text: {@code Z:} and {@code z:} zeros, {@code v:} a value and how many have it. */
    public String describe() {
        StringBuilder text = new StringBuilder();
        for (int at = HEADER; at < length; at = after(at)) {
            int run = bytes[at];
            text.append(text.isEmpty() ? "" : " ");
            if (isVal(run)) {
                text.append("v:").append(valueOf(run)).append(',').append(lengthAt(at));
            } else {
                text.append(isXzero(run) ? "Z:" : "z:").append(lengthAt(at));
            }
        }
        return text.toString();
    }

    // ---- counting ----

    public int[] registers() {
        int[] values = new int[REGISTERS];
        if (isDense()) {
            Arrays.setAll(values, i -> dense(bytes, HEADER, i));
        } else {
            forEachRun((from, count, value) -> Arrays.fill(values, from, from + count, value));
        }
        return values;
    }

    /** Raises each of {@code most}, one byte a register, to this sketch's. */
    public void mergeInto(byte[] most) {
        if (isDense()) {
            for (int i = 0; i < REGISTERS; i++) {
                most[i] = (byte) Math.max(most[i], dense(bytes, HEADER, i));
            }
        } else {
            forEachRun((from, count, value) -> {
                for (int i = from; i < from + count; i++) {
                    most[i] = (byte) Math.max(most[i], value);
                }
            });
        }
    }

    public long count() {
        int[] histogram = new int[REGISTER_MAX + 1];
        if (isDense()) {
            for (int i = 0; i < REGISTERS; i++) {
                histogram[dense(bytes, HEADER, i)]++;
            }
        } else {
            forEachRun((from, count, value) -> histogram[value] += count);
        }
        return estimate(histogram);
    }

    /** The count that registers, one byte each, stand for. */
    public static long count(byte[] registers) {
        int[] histogram = new int[REGISTER_MAX + 1];
        for (byte register : registers) {
            histogram[register]++;
        }
        return estimate(histogram);
    }

    private static long estimate(int[] histogram) {
        double m = REGISTERS;
        double z = m * tau((m - histogram[HASH_BITS + 1]) / m);
        for (int i = HASH_BITS; i >= 1; i--) {
            z = (z + histogram[i]) * 0.5;
        }
        z += m * sigma(histogram[0] / m);
        return Math.round(ALPHA * m * m / z);
    }

    private static double sigma(double x) {
        if (x == 1) {
            return Double.POSITIVE_INFINITY;
        }
        double power = x;
        double weight = 1;
        double sum = x;
        double before;
        do {
            power *= power;
            before = sum;
            sum += power * weight;
            weight += weight;
        } while (before != sum);
        return sum;
    }

    private static double tau(double x) {
        if (x == 0 || x == 1) {
            return 0;
        }
        double root = x;
        double weight = 1;
        double sum = 1 - x;
        double before;
        do {
            root = Math.sqrt(root);
            before = sum;
            weight *= 0.5;
            sum -= (1 - root) * (1 - root) * weight;
        } while (before != sum);
        return sum / 3;
    }
}
