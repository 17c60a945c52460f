package dev.holdfast.app.cli;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Reads answers in RESP2 and RESP3. */
final class AnswerReader {
    /** How deep answers may be nested. */
    private static final int DEEPEST = 128;

    /** How long a line may be that tells a type and a length, a status or an error. */
    private static final int LONGEST_LINE = 1 << 20;

    /** How much room is made before any byte of a string has come. */
    private static final int FIRST_PIECE = 1 << 20;

    private final DataInputStream in;

    AnswerReader(InputStream in) {
        this.in = new DataInputStream(in);
    }

    Answer read() throws IOException {
        return read(DEEPEST);
    }

    private Answer read(int deeper) throws IOException {
        if (deeper == 0) {
            throw new IOException("the answer is nested deeper than " + DEEPEST);
        }
        String head = line();
        if (head.isEmpty()) {
            throw new IOException("the server does not speak RESP");
        }
        String rest = head.substring(1);
        return switch (head.charAt(0)) {
            case '+' -> new Answer.Status(rest);
            case '-' -> new Answer.Failure(rest);
            case '!' -> new Answer.Failure(new String(bytes(length(rest)), StandardCharsets.UTF_8));
            case ':' -> new Answer.Whole(Long.parseLong(rest));
            case ',' -> new Answer.Digits(rest, true);
            case '(' -> new Answer.Digits(rest, false);
            case '#' -> new Answer.Flag(rest.equals("t"));
            case '_' -> new Answer.Null();
            case '$' -> rest.equals("-1") ? new Answer.Null() : new Answer.Bulk(bytes(length(rest)), false);
            case '=' -> new Answer.Bulk(withoutFormat(bytes(length(rest))), true);
            case '*' -> rest.equals("-1") ? new Answer.Null() : row(Answer.Kind.ARRAY, length(rest), deeper);
            case '~' -> row(Answer.Kind.SET, length(rest), deeper);
            case '>' -> row(Answer.Kind.PUSH, length(rest), deeper);
            case '%' -> pairs(length(rest), deeper);
            case '|' -> {
                pairs(length(rest), deeper); // Attributes belong to the answer that follows.
                yield read(deeper);
            }
            default -> throw new IOException("the server does not speak RESP");
        };
    }

    private static int length(String digits) throws IOException {
        try {
            int length = Integer.parseInt(digits);
            if (length >= 0) {
                return length;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw new IOException("the server does not speak RESP: a length is " + digits);
    }

    private Answer row(Answer.Kind kind, int length, int deeper) throws IOException {
        List<Answer> elements = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            elements.add(read(deeper - 1));
        }
        return new Answer.Row(kind, elements);
    }

    private Answer pairs(int length, int deeper) throws IOException {
        List<Map.Entry<Answer, Answer>> entries = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            Answer key = read(deeper - 1);
            entries.add(Map.entry(key, read(deeper - 1)));
        }
        return new Answer.Pairs(entries);
    }

    /** The bytes of a string, and past its end. Room for a long one is made as it comes. */
    private byte[] bytes(int length) throws IOException {
        byte[] bytes = in.readNBytes(length <= FIRST_PIECE ? length : FIRST_PIECE);
        while (bytes.length < length) {
            byte[] more = in.readNBytes(Math.min(bytes.length, length - bytes.length));
            if (more.length == 0) {
                throw new EOFException("the connection has ended");
            }
            byte[] joined = Arrays.copyOf(bytes, bytes.length + more.length);
            System.arraycopy(more, 0, joined, bytes.length, more.length);
            bytes = joined;
        }
        in.readNBytes(2);
        return bytes;
    }

    /** A verbatim string begins with its format and a colon: {@code txt:}. */
    private static byte[] withoutFormat(byte[] bytes) {
        return bytes.length < 4 ? bytes : Arrays.copyOfRange(bytes, 4, bytes.length);
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int next = in.read();
        while (next != '\n') {
            if (next < 0) {
                throw new EOFException("the server has closed the connection");
            }
            if (line.size() == LONGEST_LINE) {
                throw new IOException("the server does not speak RESP: a line has no end");
            }
            if (next != '\r') {
                line.write(next);
            }
            next = in.read();
        }
        return line.toString(StandardCharsets.UTF_8);
    }
}
