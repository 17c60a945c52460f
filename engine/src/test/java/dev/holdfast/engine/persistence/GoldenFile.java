package dev.holdfast.engine.persistence;

import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.InlineWords;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;

/**
 * A file that is known byte by byte, and what is known of its contents. {@code src/test/resources/rdb/read.txt} explains the
 * notation.
 *
 * @param parameters of the store, names and values in turn
 * @param before commands to run before the file is written
 * @param checks commands and their answers, once it is loaded
 * @param refusal why it cannot be loaded; empty if it can
 */
@NullMarked
@SuppressWarnings("ArrayRecordComponent") // Nobody compares them.
record GoldenFile(
        String title,
        List<String> parameters,
        List<byte[][]> before,
        byte[] bytes,
        List<Check> checks,
        String refusal) {
    private static final Path DIRECTORY = Path.of("src/test/resources/rdb");
    private static final Pattern TITLE = Pattern.compile("== (.*?)(?: \\(([a-z-]+) (\\S+)\\))?");
    private static final Pattern BYTES = Pattern.compile("(?:(\\d+)\\*)?\"([^\"]*)\"|([0-9a-f]{2})|(crc)");
    private static final Pattern REPEATED = Pattern.compile("(\\d+)\\*(.)");

    /** A command, and its answer as text. */
    record Check(String[] command, String answer) {}

    /** The files that a resource describes. */
    static List<GoldenFile> all(String resource) throws IOException {
        List<List<String>> descriptions = new ArrayList<>();
        for (String line : Files.readAllLines(DIRECTORY.resolve(resource))) {
            if (line.startsWith("==")) {
                descriptions.add(new ArrayList<>());
            }
            if (!line.isBlank() && !line.startsWith("#")) {
                descriptions.getLast().add(line);
            }
        }
        List<GoldenFile> files = new ArrayList<>();
        for (List<String> lines : descriptions) {
            files.add(parse(lines));
        }
        return files;
    }

    private static GoldenFile parse(List<String> lines) {
        Matcher title = TITLE.matcher(lines.getFirst());
        if (!title.matches()) {
            throw new IllegalArgumentException(lines.getFirst());
        }
        List<String> parameters = title.group(2) == null ? List.of() : List.of(title.group(2), title.group(3));
        List<byte[][]> before = new ArrayList<>();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        List<Check> checks = new ArrayList<>();
        String refusal = "";
        for (String line : lines.subList(1, lines.size())) {
            if (line.startsWith("$ ")) {
                before.add(words(line.substring(2)));
            } else if (line.startsWith("> refused: ")) {
                refusal = line.substring(11);
            } else if (line.startsWith("> ")) {
                int arrow = line.indexOf(" --> ");
                checks.add(new Check(line.substring(2, arrow).split(" "), line.substring(arrow + 5)));
            } else {
                appendBytes(line, bytes);
            }
        }
        return new GoldenFile(title.group(1), parameters, before, bytes.toByteArray(), checks, refusal);
    }

    private static byte[][] words(String line) {
        Args args = new Args();
        if (!InlineWords.split(line.getBytes(StandardCharsets.ISO_8859_1), args)) {
            throw new IllegalArgumentException(line);
        }
        byte[][] words = new byte[args.count()][];
        for (int i = 0; i < words.length; i++) {
            String word = new String(args.get(i).toBytes(), StandardCharsets.ISO_8859_1);
            Matcher repeated = REPEATED.matcher(word);
            words[i] = latin(repeated.matches() ? repeated.group(2).repeat(Integer.parseInt(repeated.group(1))) : word);
        }
        return words;
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void appendBytes(String line, ByteArrayOutputStream bytes) {
        int bar = line.lastIndexOf('|');
        Matcher matcher = BYTES.matcher(bar < 0 ? line : line.substring(0, bar));
        while (matcher.find()) {
            if (matcher.group(3) != null) {
                bytes.write(HexFormat.fromHexDigits(matcher.group(3)));
            } else if (matcher.group(4) != null) {
                long crc = Crc64.update(0, bytes.toByteArray(), 0, bytes.size());
                for (int i = 0; i < Long.BYTES; i++) {
                    bytes.write((byte) (crc >> 8 * i));
                }
            } else {
                int times = matcher.group(1) == null ? 1 : Integer.parseInt(matcher.group(1));
                bytes.writeBytes(latin(matcher.group(2).repeat(times)));
            }
        }
    }

    @Override
    public String toString() {
        return title;
    }
}
