package dev.holdfast.engine.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.holdfast.engine.base.SharedBytes;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.SpareArrays;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The decoder finds the same commands, and the same mistakes, however the bytes are cut into reads. */
final class RequestDecoderTest {
    private static final byte[] FRAGMENTS = bytes("*$+-:\r\n0123456789 \"'\\xab\0GETSET");

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** What a stream of bytes came to: the words of each command and, last, the error if there was one. */
    private static List<String> decode(byte[] input, boolean authenticated, Chunks chunks) {
        RequestDecoder decoder = new RequestDecoder();
        decoder.setAuthenticated(authenticated);
        decoder.setMaxBulkBytes(1 << 20);
        List<String> commands = new ArrayList<>();
        byte[] lent = new byte[80_000];
        int position = 0;
        try {
            while (position < input.length) {
                int length = Math.min(
                        Math.min(Math.min(chunks.next(), lent.length), decoder.most()), input.length - position);
                if (decoder.hasPending()) {
                    byte[] space = Objects.requireNonNull(decoder.space(length));
                    System.arraycopy(input, position, space, decoder.end(), length);
                    decoder.appended(length);
                } else {
                    System.arraycopy(input, position, lent, 0, length);
                    decoder.lend(lent, 0, length);
                }
                position += length;
                Args args = decoder.next(new Args());
                while (args != null) {
                    commands.add(show(args));
                    args = decoder.next(new Args());
                }
                decoder.keep();
                java.util.Arrays.fill(lent, (byte) '?');
                assertTrue(
                        decoder.ownBytes() <= 3 * position + 1024,
                        "holds more than it was sent: " + decoder.ownBytes());
            }
        } catch (ProtocolException e) {
            commands.add("error: " + e.getMessage());
        }
        return commands;
    }

    private interface Chunks {
        int next();
    }

    private static String show(@Nullable Args args) {
        if (args == null) {
            return "unfinished";
        }
        List<String> words = new ArrayList<>();
        for (int i = 0; i < args.count(); i++) {
            words.add(new String(args.get(i).toBytes(), StandardCharsets.ISO_8859_1));
        }
        return words.toString();
    }

    private static void check(String input, String... expected) {
        for (int cut = 1; cut <= Math.min(input.length(), 200); cut++) {
            int size = cut;
            assertEquals(List.of(expected), decode(bytes(input), true, () -> size), "reads of " + size);
        }
    }

    @Test
    void readsArraysOfBulkStrings() {
        check("*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n", "[PING]", "[GET, ]");
        check("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$12\r\nx\r\ny\r\n*1\r\n$1\r\n", "[SET, a, x\r\ny\r\n*1\r\n$1]");
    }

    @Test
    void skipsEmptyArraysAndEmptyLines() {
        check("*0\r\n*-1\r\n\r\n\n*1\r\n$4\r\nPING\r\n", "[PING]");
    }

    @Test
    void readsLinesOfWords() {
        check("PING\r\nset a \"b \\x41\\n\\\"\" 'c\\'d'\n", "[PING]", "[set, a, b A\n\", c'd]");
        check("SET \"a\r\n", "error: Protocol error: unbalanced quotes in request");
        check("SET \"a\"b\r\n", "[SET, ab]");
    }

    @Test
    void refusesWhatIsNoCommand() {
        check("*2\r\n$3\r\nGET\r\n:1\r\n", "error: Protocol error: expected '$', got ':'");
        check("*1\r\n$-1\r\n", "error: Protocol error: invalid bulk length");
        check("*1\r\n$x\r\n", "error: Protocol error: invalid bulk length");
        check("*1\r\n$01\r\na\r\n", "error: Protocol error: invalid bulk length");
        check("*1\r\n$1048577\r\n", "error: Protocol error: invalid bulk length");
        check("*x\r\n", "error: Protocol error: invalid multibulk length");
        check("*2147483648\r\n", "error: Protocol error: invalid multibulk length");
        check("*\r\n", "error: Protocol error: invalid multibulk length");
    }

    @Test
    void refusesLinesWithoutEnd() {
        String digits = "1".repeat(70_000);
        for (int size : new int[] {50, 256}) {
            assertEquals(
                    List.of("error: Protocol error: too big mbulk count string"),
                    decode(bytes("*" + digits), true, () -> size));
            assertEquals(
                    List.of("error: Protocol error: too big bulk count string"),
                    decode(bytes("*1\r\n$" + digits), true, () -> size));
            assertEquals(
                    List.of("error: Protocol error: too big inline request"), decode(bytes(digits), true, () -> size));
        }
    }

    @Test
    void allowsLittleToClientsThatHaveNotAuthenticated() {
        assertEquals(
                List.of("error: Protocol error: unauthenticated multibulk length"),
                decode(bytes("*11\r\n"), false, () -> 100));
        assertEquals(
                List.of("error: Protocol error: unauthenticated bulk length"),
                decode(bytes("*2\r\n$4\r\nAUTH\r\n$16385\r\n"), false, () -> 100));
    }

    @Test
    void announcedBytesCostNothing() {
        RequestDecoder decoder = new RequestDecoder();
        decoder.setMaxBulkBytes(1 << 30);
        byte[] input = bytes("*1000000000\r\n$1000000000\r\nabc");
        decoder.lend(input, 0, input.length);
        try {
            assertEquals(null, decoder.next(new Args()));
        } catch (ProtocolException e) {
            fail(e);
        }
        decoder.keep();
        assertTrue(decoder.ownBytes() <= 1024);
    }

    @Test
    void goesBackToWhereACommandBegins() throws ProtocolException {
        RequestDecoder decoder = new RequestDecoder();
        byte[] input = bytes("*1\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n*2\r\n$1\r\nc\r\n");
        decoder.lend(input, 0, input.length);
        assertEquals("[a]", show(decoder.next(new Args())));
        int second = decoder.position();
        assertEquals("[b]", show(decoder.next(new Args())));
        assertEquals(null, decoder.next(new Args()));
        decoder.rewind(second);
        decoder.keep();
        assertEquals("[b]", show(decoder.next(new Args())));
        assertEquals(null, decoder.next(new Args()));
        byte[] rest = bytes("$1\r\nd\r\n");
        byte[] space = Objects.requireNonNull(decoder.space(rest.length));
        System.arraycopy(rest, 0, space, decoder.end(), rest.length);
        decoder.appended(rest.length);
        assertEquals("[c, d]", show(decoder.next(new Args())));
    }

    /** Wherever there is no more room for a command, it is thrown away, and it alone. */
    @Test
    void givesUpOneCommand() throws ProtocolException {
        String given = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\nhello\r\nworld\r\n";
        byte[] input = bytes("*1\r\n$1\r\na\r\n" + given + "*1\r\n$1\r\nb\r\n");
        int begin = 11;
        for (int cut = begin + 4; cut < begin + given.length(); cut++) {
            for (int piece = 1; piece < 9; piece++) {
                RequestDecoder decoder = new RequestDecoder();
                decoder.lend(input.clone(), 0, cut);
                assertEquals("[a]", show(decoder.next(new Args())));
                assertEquals(null, decoder.next(new Args()));
                decoder.keep();
                assertTrue(decoder.skip(), "cut at " + cut);
                assertFalse(decoder.skip());
                List<String> read = new ArrayList<>();
                for (int at = cut; at < input.length; at += piece) {
                    int length = Math.min(piece, input.length - at);
                    if (decoder.hasPending()) {
                        System.arraycopy(
                                input, at, Objects.requireNonNull(decoder.space(length)), decoder.end(), length);
                        decoder.appended(length);
                    } else {
                        decoder.lend(Arrays.copyOfRange(input, at, at + length), 0, length);
                    }
                    for (Args args = decoder.next(new Args()); args != null; args = decoder.next(new Args())) {
                        read.add(show(args));
                    }
                    decoder.keep();
                }
                assertEquals(List.of("[]", "[b]"), read, "cut at " + cut + ", pieces of " + piece);
            }
        }
    }

    @Test
    void theCutsMakeNoDifference() {
        long base = Long.getLong("holdfast.seed", 20_261_121);
        for (long seed = base; seed < base + 3000; seed++) {
            Random random = new Random(seed);
            byte[] input = randomInput(random);
            List<String> whole = decode(input, true, () -> 256);
            List<String> cut = decode(input, true, () -> 1 + random.nextInt(12));
            assertEquals(whole, cut, "holdfast.seed=" + seed);
        }
    }

    /** Long words arrive whole wherever the reads are cut, and are the only ones whose arrays are given with them. */
    @Test
    void longWordsAreGiven() throws ProtocolException {
        long base = Long.getLong("holdfast.seed", 20_261_130);
        int given = 0;
        for (long seed = base; seed < base + 100; seed++) {
            Random random = new Random(seed);
            Held held = new Held();
            SpareArrays spares = new SpareArrays(32 * 1024);
            RequestDecoder decoder = new RequestDecoder(held, spares);
            List<List<String>> sent = new ArrayList<>();
            byte[] input = bytes(longCommands(random, sent));
            byte[] lent = new byte[64 * 1024];
            List<List<String>> read = new ArrayList<>();
            for (int at = 0; at < input.length; ) {
                int length = Math.min(
                        Math.min(1 + random.nextInt(random.nextBoolean() ? 40 : lent.length), decoder.most()),
                        input.length - at);
                if (decoder.hasPending()) {
                    System.arraycopy(input, at, Objects.requireNonNull(decoder.space(length)), decoder.end(), length);
                    decoder.appended(length);
                } else {
                    System.arraycopy(input, at, lent, 0, length);
                    decoder.lend(lent, 0, length);
                }
                at += length;
                for (Args args = decoder.next(new Args()); args != null; args = decoder.next(new Args())) {
                    List<String> words = new ArrayList<>();
                    for (int i = 0; i < args.count(); i++) {
                        Slice word = args.get(i);
                        words.add(new String(word.toBytes(), StandardCharsets.ISO_8859_1));
                        byte[] array = word.array();
                        if (word.isGiven()) {
                            assertTrue(word.length() >= 32 * 1024);
                            assertSame(array, word.takeArray());
                            assertNotSame(array, word.takeArray(), "given twice");
                            Arrays.fill(array, (byte) '!');
                            spares.add(array);
                            given++;
                        }
                    }
                    read.add(words);
                }
                decoder.keep();
                Arrays.fill(lent, (byte) '?');
                if (random.nextInt(1000) == 0 && decoder.skip()) {
                    sent.set(read.size(), List.of());
                }
            }
            assertEquals(sent, read, "holdfast.seed=" + seed);
            assertEquals(0, held.bytes, "holdfast.seed=" + seed);
        }
        assertTrue(given > 100, "given: " + given);
    }

    private static String longCommands(Random random, List<List<String>> commands) {
        StringBuilder input = new StringBuilder();
        for (int i = random.nextInt(5); i >= 0; i--) {
            List<String> words = new ArrayList<>();
            int count = 1 + random.nextInt(4);
            input.append('*').append(count).append("\r\n");
            for (int word = 0; word < count; word++) {
                int length = random.nextBoolean() ? random.nextInt(20) : random.nextInt(300_000);
                String text = String.valueOf((char) ('a' + random.nextInt(26))).repeat(length);
                input.append('$').append(length).append("\r\n").append(text).append("\r\n");
                words.add(text);
            }
            commands.add(words);
        }
        return input.toString();
    }

    /** What a decoder holds. */
    private static final class Held implements Account {
        private long bytes;

        @Override
        public void take(long more) {
            bytes += more;
        }

        @Override
        public void give(long less) {
            bytes -= less;
        }

        @Override
        public void take(SharedBytes shared) {
            throw new AssertionError("a decoder shares nothing");
        }

        @Override
        public void give(SharedBytes shared) {
            throw new AssertionError("a decoder shares nothing");
        }
    }

    /** Valid commands with, in half of the inputs, some bytes changed, left out or put in. */
    private static byte[] randomInput(Random random) {
        StringBuilder input = new StringBuilder();
        for (int i = random.nextInt(6); i >= 0; i--) {
            int words = random.nextInt(5);
            input.append('*').append(words).append("\r\n");
            for (int word = 0; word < words; word++) {
                int length = random.nextInt(10) == 0 ? random.nextInt(600) : random.nextInt(8);
                input.append('$').append(length).append("\r\n");
                for (int j = 0; j < length; j++) {
                    input.append((char) random.nextInt(256));
                }
                input.append("\r\n");
            }
        }
        for (int changes = random.nextBoolean() ? random.nextInt(5) : 0; changes > 0; changes--) {
            int at = random.nextInt(input.length());
            char fragment = (char) FRAGMENTS[random.nextInt(FRAGMENTS.length)];
            switch (random.nextInt(3)) {
                case 0 -> input.setCharAt(at, fragment);
                case 1 -> input.insert(at, fragment);
                default -> input.deleteCharAt(at);
            }
            if (input.isEmpty()) {
                input.append('*');
            }
        }
        return bytes(input.toString());
    }
}
