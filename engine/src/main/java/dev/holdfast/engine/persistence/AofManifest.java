package dev.holdfast.engine.persistence;

import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.InlineWords;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which files make up an append-only file: a base, which is a snapshot, then increments, which are the changes since; and the
 * history, files that are no longer needed and not yet deleted. Valkey's format, a line a file:
 *
 * <pre>
 * file appendonly.aof.2.base.rdb seq 2 type b
 * file appendonly.aof.1.incr.aof seq 1 type h
 * file appendonly.aof.2.incr.aof seq 2 type i
 * </pre>
 *
 * A manifest does not change; its methods return another one.
 */
public record AofManifest(
        @Nullable Part base, List<Part> increments, List<Part> history, long lastBase, long lastIncrement) {
    static final AofManifest EMPTY = new AofManifest(null, List.of(), List.of(), 0, 0);
    private static final int LONGEST_LINE = 1024;

    /** What a file is for. */
    enum Kind {
        BASE('b'),
        INCREMENT('i'),
        HISTORY('h');

        private final char letter;

        Kind(char letter) {
            this.letter = letter;
        }
    }

    /** One file. */
    record Part(String name, long sequence, Kind kind) {
        private Part as(Kind other) {
            return new Part(name, sequence, other);
        }

        private String line() {
            return "file " + quoted(name) + " seq " + sequence + " type " + kind.letter + "\n";
        }
    }

    /** The name of the manifest. */
    static String fileName(String appendFileName) {
        return appendFileName + ".manifest";
    }

    boolean isEmpty() {
        return base == null && increments.isEmpty();
    }

    /** The files to be loaded, in their order. */
    List<Part> parts() {
        return base == null
                ? increments
                : Stream.concat(Stream.of(base), increments.stream()).toList();
    }

    // ---- changes ----

    /** With one more increment, which is empty. */
    AofManifest withIncrement(String appendFileName) {
        long sequence = lastIncrement + 1;
        List<Part> more = new ArrayList<>(increments);
        more.add(new Part(appendFileName + "." + sequence + ".incr.aof", sequence, Kind.INCREMENT));
        return new AofManifest(base, List.copyOf(more), history, lastBase, sequence);
    }

    /** The name that the next base gets. */
    String nextBaseName(String appendFileName, boolean rdb) {
        return appendFileName + "." + (lastBase + 1) + ".base." + (rdb ? "rdb" : "aof");
    }

    /**
     * With a new base, which takes the place of the old one.
     *
     * @param kept how many increments, counted from the last, hold what came after the base; the others become history
     */
    AofManifest withBase(String name, int kept) {
        List<Part> old = new ArrayList<>();
        int replaced = Math.max(0, increments.size() - kept);
        for (int i = replaced - 1; i >= 0; i--) {
            old.addFirst(increments.get(i).as(Kind.HISTORY));
        }
        if (base != null) {
            old.addFirst(base.as(Kind.HISTORY));
        }
        old.addAll(history);
        Part next = new Part(name, lastBase + 1, Kind.BASE);
        return new AofManifest(
                next, increments.subList(replaced, increments.size()), List.copyOf(old), lastBase + 1, lastIncrement);
    }

    /** The manifest of a single file of old style, which becomes the base under its own name. */
    static AofManifest ofOldFile(String name) {
        return new AofManifest(new Part(name, 1, Kind.BASE), List.of(), List.of(), 1, 0);
    }

    AofManifest withoutHistory() {
        return new AofManifest(base, increments, List.of(), lastBase, lastIncrement);
    }

    // ---- the format ----

    String text() {
        return Stream.of(base == null ? List.<Part>of() : List.of(base), history, increments)
                .flatMap(List::stream)
                .map(Part::line)
                .collect(Collectors.joining());
    }

    /** The name as it is or, where it has odd characters, in quotes with escapes. */
    private static String quoted(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        boolean plain = true;
        StringBuilder text = new StringBuilder("\"");
        for (byte b : bytes) {
            plain &= b > ' ' && b < 127 && b != '\\' && b != '"' && b != '\'';
            switch (b) {
                case '\\', '"' -> text.append('\\').append((char) b);
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case 7 -> text.append("\\a");
                case '\b' -> text.append("\\b");
                default -> text.append(b >= ' ' && b < 127 ? "" + (char) b : "\\x%02x".formatted(b & 0xFF));
            }
        }
        return plain && bytes.length > 0 ? name : text.append('"').toString();
    }

    /**
     * Reads a manifest.
     *
     * @throws AofException where it is none, with the line that is wrong
     */
    static AofManifest parse(byte[] bytes) throws AofException {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        if (text.isEmpty()) {
            throw manifestError(0, "", "Found an empty AOF manifest");
        }
        Part base = null;
        List<Part> increments = new ArrayList<>();
        List<Part> history = new ArrayList<>();
        int number = 0;
        int from = 0;
        while (from < text.length()) {
            int end = text.indexOf('\n', from);
            String line = end < 0 ? text.substring(from) : text.substring(from, end);
            from += line.length() + 1;
            number++;
            if (line.startsWith("#")) {
                continue;
            }
            if (end < 0 || line.length() >= LONGEST_LINE) {
                throw manifestError(0, "", "The AOF manifest file contains too long line");
            }
            Part part = part(number, line.strip());
            switch (part.kind) {
                case BASE -> {
                    if (base != null) {
                        throw manifestError(number, line.strip(), "Found duplicate base file information");
                    }
                    base = part;
                }
                case HISTORY -> history.add(part);
                case INCREMENT -> {
                    if (!increments.isEmpty() && part.sequence <= increments.getLast().sequence) {
                        throw manifestError(number, line.strip(), "Found a non-monotonic sequence number");
                    }
                    increments.add(part);
                }
            }
        }
        return new AofManifest(
                base,
                List.copyOf(increments),
                List.copyOf(history),
                base == null ? 0 : base.sequence,
                increments.isEmpty() ? 0 : increments.getLast().sequence);
    }

    private static Part part(int number, String line) throws AofException {
        Args words = new Args();
        if (!InlineWords.split(line.getBytes(StandardCharsets.ISO_8859_1), words)
                || words.count() < 6
                || words.count() % 2 != 0) {
            throw manifestError(number, line, "Invalid AOF manifest file format");
        }
        String name = "";
        long sequence = 0;
        char type = 0;
        for (int i = 0; i < words.count(); i += 2) {
            String value = words.get(i + 1).toString();
            switch (words.get(i).toString().toLowerCase(Locale.ROOT)) {
                case "file" -> name = value;
                case "seq" -> sequence = number(value);
                case "type" -> type = value.isEmpty() ? 0 : value.charAt(0);
                // Later versions may tell more.
                default -> {}
            }
        }
        if (name.contains("/") || name.contains("\\")) {
            throw manifestError(number, line, "File can't be a path, just a filename");
        }
        if (name.isEmpty() || sequence == 0 || type == 0) {
            throw manifestError(number, line, "Invalid AOF manifest file format");
        }
        for (Kind kind : Kind.values()) {
            if (kind.letter == type) {
                return new Part(name, sequence, kind);
            }
        }
        throw manifestError(number, line, "Unknown AOF file type");
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private static AofException manifestError(int line, String text, String message) {
        String where = text.isEmpty() ? "" : "Reading the manifest file, at line " + line + "\n>>> '" + text + "'\n";
        return new AofException("*** FATAL AOF MANIFEST FILE ERROR ***\n" + where + message);
    }
}
