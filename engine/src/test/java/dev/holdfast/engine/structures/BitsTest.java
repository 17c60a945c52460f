package dev.holdfast.engine.structures;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.engine.base.Slice;
import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What goes through a string eight bytes at a time finds what going bit by bit finds. */
class BitsTest {
    private static final long SEED = 42;
    private static final int ROUNDS = 5_000;

    private final Random random = new Random(SEED);

    /** Mostly runs of equal bits, at any place of an array. */
    private Slice string(int maxLength) {
        int offset = random.nextInt(9);
        int length = 1 + random.nextInt(maxLength);
        byte[] array = new byte[offset + length + random.nextInt(9)];
        random.nextBytes(array);
        byte filler = (byte) -random.nextInt(2);
        for (int i = 0; i < length; i++) {
            if (random.nextInt(20) > 0) {
                array[offset + i] = filler;
            }
        }
        return new Slice(array, offset, length);
    }

    private static boolean bit(Slice bytes, long index) {
        return (bytes.at((int) (index / 8)) & 0x80 >> index % 8) != 0;
    }

    @Test
    void countsAndFinds() {
        for (int round = 0; round < ROUNDS; round++) {
            Slice bytes = string(60);
            long first = random.nextInt(bytes.length() * 8);
            long last = first + random.nextInt(bytes.length() * 8 - (int) first);
            boolean value = random.nextBoolean();
            long count = 0;
            long found = -1;
            for (long i = first; i <= last; i++) {
                count += bit(bytes, i) ? 1 : 0;
                if (found < 0 && bit(bytes, i) == value) {
                    found = i;
                }
            }
            String message = "round " + round + " of seed " + SEED;
            assertEquals(count, Bits.count(bytes, first, last), message);
            assertEquals(found, Bits.find(bytes, value, first, last), message);
            assertEquals(bit(bytes, first), Bits.get(bytes, first), message);
        }
    }

    @Test
    void fieldsAreBigEndianNumbers() {
        for (int round = 0; round < ROUNDS; round++) {
            byte[] array = new byte[1 + random.nextInt(20)];
            random.nextBytes(array);
            int width = 1 + random.nextInt(Bits.MAX_FIELD_WIDTH);
            long bit = random.nextInt(array.length * 8 + 20);
            String message = "round " + round + " of seed " + SEED;

            // Room for what lies behind the end.
            BigInteger whole = new BigInteger(1, array).shiftLeft(200);
            BigInteger mask = BigInteger.ONE.shiftLeft(width).subtract(BigInteger.ONE);
            int shift = array.length * 8 + 200 - (int) bit - width;
            long expected = whole.shiftRight(shift).and(mask).longValue();
            assertEquals(expected, Bits.field(new Slice(array), bit, width), message);

            if (bit + width <= array.length * 8L) {
                long value = random.nextLong();
                BigInteger changed = new BigInteger(1, array)
                        .andNot(mask.shiftLeft(shift - 200))
                        .or(new BigInteger(Long.toUnsignedString(value))
                                .and(mask)
                                .shiftLeft(shift - 200));
                Bits.setField(array, (int) bit, width, value);
                assertEquals(changed, new BigInteger(1, array), message);
            }
        }
    }

    @Test
    void combines() {
        for (int round = 0; round < ROUNDS; round++) {
            Bits.Operation operation = Bits.Operation.values()[random.nextInt(4)];
            Slice[] strings = new Slice[operation == Bits.Operation.NOT ? 1 : 1 + random.nextInt(4)];
            int length = 0;
            for (int i = 0; i < strings.length; i++) {
                strings[i] = string(40);
                length = Math.max(length, strings[i].length());
            }
            byte[] expected = new byte[length];
            for (int i = 0; i < length; i++) {
                for (int j = 0; j < strings.length; j++) {
                    byte other = i < strings[j].length() ? strings[j].at(i) : 0;
                    expected[i] = (byte)
                            switch (operation) {
                                case AND -> j == 0 ? other : expected[i] & other;
                                case OR -> expected[i] | other;
                                case XOR -> expected[i] ^ other;
                                case NOT -> ~other;
                            };
                }
            }
            assertArrayEquals(expected, Bits.combine(operation, strings), "round " + round + " of seed " + SEED);
        }
    }
}
