package dev.holdfast.app.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** {@code peek KEY}: what a key holds, of any type and any size: its type, encoding, bytes, time to live and first elements. */
final class Peek {
    private static final String FIRST = "10";
    private static final int LONGEST = 2000;

    private final ServerSession session;
    private final PrintStream out;

    Peek(ServerSession session, PrintStream out) {
        this.session = session;
        this.out = out;
    }

    void show(byte[] key) throws IOException {
        String type = call(key, "TYPE").asText();
        if (type.equals("none")) {
            out.println("(no such key)");
            return;
        }
        Answer bytes = call(key, "MEMORY", "USAGE");
        long left = call(key, "PTTL") instanceof Answer.Whole(long millis) ? millis : -1;
        out.printf(
                Locale.ROOT,
                "%s, %s, %s bytes, %s%n",
                type,
                call(key, "OBJECT", "ENCODING").asText(),
                bytes instanceof Answer.Whole ? bytes.asText() : "unknown",
                left < 0 ? "does not expire" : "expires in " + readable(Duration.ofMillis(left)));
        switch (type) {
            case "string" -> print(length(key, "STRLEN"), call(key, "GETRANGE", "0", Integer.toString(LONGEST - 1)));
            case "list" -> print(length(key, "LLEN"), call(key, "LRANGE", "0", "9"));
            case "set" -> print(length(key, "SCARD"), scan(key, "SSCAN"));
            case "hash" -> print(length(key, "HLEN"), scan(key, "HSCAN"));
            case "zset" -> print(length(key, "ZCARD"), call(key, "ZRANGE", "0", "9", "WITHSCORES"));
            case "stream" -> print(length(key, "XLEN"), call(key, "XREVRANGE", "+", "-", "COUNT", FIRST));
            default -> {}
        }
    }

    /** Runs a command about the key, which follows its name; a subcommand stands before the key, other words behind it. */
    private Answer call(byte[] key, String name, String... more) throws IOException {
        List<byte[]> words = new ArrayList<>(ServerSession.words(name));
        boolean container = name.equals("MEMORY") || name.equals("OBJECT");
        words.addAll(ServerSession.words(more));
        words.add(container ? words.size() : 1, key);
        return session.call(words);
    }

    private Answer scan(byte[] key, String command) throws IOException {
        List<Answer> page = call(key, command, "0", "COUNT", FIRST).asList();
        return page.size() == 2 ? page.getLast() : new Answer.Null();
    }

    private String length(byte[] key, String command) throws IOException {
        return call(key, command).asText();
    }

    private void print(String length, Answer first) {
        out.println("length " + length);
        out.writeBytes(AnswerPrinter.PEOPLE.print(first));
    }

    /** As people say it, in its two largest units: {@code 2 d 3 h}. */
    static String readable(Duration duration) {
        List<String> parts = new ArrayList<>();
        add(parts, duration.toDays(), "d");
        add(parts, duration.toHoursPart(), "h");
        add(parts, duration.toMinutesPart(), "min");
        add(parts, duration.toSecondsPart(), "s");
        if (parts.isEmpty()) {
            add(parts, duration.toMillisPart(), "ms");
        }
        return parts.isEmpty() ? "0 ms" : String.join(" ", parts.subList(0, Math.min(2, parts.size())));
    }

    private static void add(List<String> parts, long number, String unit) {
        if (number > 0) {
            parts.add(number + " " + unit);
        }
    }
}
