package dev.holdfast.conformance.script;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.Notation;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.InlineWords;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A file of scenarios: commands, and the answers that they must have.
 *
 * <pre>
 * == A set pops what it holds            (since 7.2, not multi, not embedded)
 * SADD s a                               --&gt; 1
 * SPOP s 1                               --&gt; ~(a)
 * HGETALL h                              --&gt; {f v} || [f v]
 * b: BLPOP l 0                           --&gt; waits
 * RPUSH l x                              --&gt; 1
 * b:                                     --&gt; [l x]
 * until EXISTS k                         --&gt; 0
 * (since 8.0) BITCOUNT k 4               --&gt; 7
 * </pre>
 *
 * <p>Every scenario begins with an empty store. Answers are in the {@link Notation} of RESP3; where the RESP2 form does not
 * follow from it, it stands behind two bars. A name and a colon choose another client. {@code waits} says that no answer comes
 * yet; a line without a command takes the next one that does. {@code until} repeats a command until the answer is right.
 *
 * <p>In brackets after the title: the version of Valkey whose behaviour it is, so that an older real server is not asked, and
 * ways on which it does not run. In brackets before a line: the same for this line alone.
 */
final class Script {
    private static final Path DIRECTORY = Path.of("src/test/resources/scripts");
    private static final Pattern TITLE = Pattern.compile("== (.*?)(?:\\s+\\(([^()]*)\\))?\\s*");
    private static final Pattern LINE =
            Pattern.compile("(?:\\(since ([0-9.]+)\\) )?(?:(until) |([a-z]\\w*): ?)?(.*?)(?:\\s*-->\\s*(.*))?");

    /** A line: a command for a client, its answer, and the oldest real server that answers so. */
    record Step(int line, int since, String client, List<String> words, boolean until, String expected) {
        boolean waits() {
            return expected.equals("waits");
        }

        /** The answer that a way into the store must give. */
        Answer expected(Form form) {
            int bars = expected.indexOf(" || ");
            if (bars < 0) {
                return Notation.parse(expected).in(form);
            }
            return form == Form.RESP2 || form == Form.SCRIPTED
                    ? Notation.parse(expected.substring(bars + 4)).in(form)
                    : Notation.parse(expected.substring(0, bars)).in(form);
        }

        String command() {
            return Notation.command(words);
        }
    }

    record Scenario(String title, Set<String> marks, List<Step> steps) {
        /** The oldest real server that behaves so. */
        int since() {
            return marks.stream()
                    .filter(mark -> mark.startsWith("since "))
                    .mapToInt(mark -> RealServer.version(mark.substring(6)))
                    .findFirst()
                    .orElse(0);
        }

        boolean forbids(String way) {
            return marks.contains("not " + way);
        }

        /** Whether one client runs one command after the other, without waiting. */
        boolean isPlain() {
            return steps.stream().allMatch(step -> step.client.isEmpty() && !step.until);
        }
    }

    private final String name;
    private final List<Scenario> scenarios = new ArrayList<>();

    private Script(String name) {
        this.name = name;
    }

    static List<Script> all() {
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            List<Script> scripts = new ArrayList<>();
            for (Path file : files.sorted().toList()) {
                scripts.add(read(file));
            }
            return scripts;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static Script read(Path file) throws IOException {
        Script script = new Script(file.getFileName().toString().replace(".txt", ""));
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            Matcher title = TITLE.matcher(line);
            if (title.matches()) {
                script.scenarios.add(new Scenario(title.group(1), marks(title.group(2)), new ArrayList<>()));
            } else {
                script.scenarios.getLast().steps.add(step(i + 1, line));
            }
        }
        return script;
    }

    private static Set<String> marks(@Nullable String text) {
        Set<String> marks = new HashSet<>();
        if (text != null) {
            for (String mark : text.split(",")) {
                marks.add(mark.strip());
            }
        }
        return marks;
    }

    static Step step(int number, String line) {
        Matcher matcher = LINE.matcher(line);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(number + ": " + line);
        }
        String since = matcher.group(1);
        String client = matcher.group(3);
        String expected = matcher.group(5);
        return new Step(
                number,
                since == null ? 0 : RealServer.version(since),
                client == null ? "" : client,
                words(matcher.group(4)),
                matcher.group(2) != null,
                expected == null ? "" : expected);
    }

    private static List<String> words(String command) {
        Args args = new Args();
        if (!InlineWords.split(command.getBytes(StandardCharsets.ISO_8859_1), args)) {
            throw new IllegalArgumentException("quotes are not closed: " + command);
        }
        List<String> words = new ArrayList<>();
        for (int i = 0; i < args.count(); i++) {
            words.add(new String(args.get(i).toBytes(), StandardCharsets.ISO_8859_1));
        }
        return words;
    }

    String name() {
        return name;
    }

    List<Scenario> scenarios() {
        return scenarios;
    }
}
