package dev.holdfast.app.cli;

import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.InlineWords;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Runs what is typed: commands, {@code peek KEY}, and commands whose answers go through a pipe to one of the shell's:
 * {@code SMEMBERS users | sort}.
 */
final class CommandRunner {
    /** After these, answers come until the connection ends. */
    private static final Set<String> WITHOUT_END = Set.of("MONITOR", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE");

    private final ServerSession session;
    private final AnswerPrinter printer;
    private final PrintStream out;

    CommandRunner(ServerSession session, AnswerPrinter printer, PrintStream out) {
        this.session = session;
        this.printer = printer;
        this.out = out;
    }

    /** Runs a line; returns whether its answer was no error. */
    boolean run(String line) throws IOException {
        int pipe = pipeIn(line);
        List<byte[]> words = words(pipe < 0 ? line : line.substring(0, pipe));
        if (words == null) {
            out.println("a quote is not closed");
            return false;
        }
        if (words.isEmpty()) {
            return true;
        }
        return pipe < 0 ? run(words) : pipe(words, line.substring(pipe + 1));
    }

    /** Where the first bar outside quotes is; -1 for nowhere. */
    private static int pipeIn(String line) {
        char quote = 0;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (quote != 0 && c == '\\') {
                i++;
            } else if (quote != 0) {
                quote = c == quote ? 0 : quote;
            } else if (c == '"' || c == '\'') {
                quote = c;
            } else if (c == '|' && i > 0 && line.charAt(i - 1) == ' ') {
                return i;
            }
        }
        return -1;
    }

    /** The words of a line; null where a quote is not closed. */
    static @Nullable List<byte[]> words(String line) {
        Args args = new Args();
        if (!InlineWords.split(line.strip().getBytes(StandardCharsets.UTF_8), args)) {
            return null;
        }
        List<byte[]> words = new ArrayList<>();
        for (int i = 0; i < args.count(); i++) {
            words.add(args.get(i).toBytes());
        }
        return words;
    }

    /** Runs a command; returns whether its answer was no error. */
    boolean run(List<byte[]> words) throws IOException {
        String name = new String(words.getFirst(), StandardCharsets.UTF_8).toUpperCase(Locale.ROOT);
        if (name.equals("PEEK") && words.size() == 2) {
            new Peek(session, out).show(words.getLast());
            return true;
        }
        Answer answer = session.call(words);
        if (WITHOUT_END.contains(name) && !(answer instanceof Answer.Failure)) {
            listen(answer);
            return true;
        }
        print(answer);
        return !(answer instanceof Answer.Failure);
    }

    /** Shows what comes until the connection ends, or this thread is interrupted and the connection closed. */
    private void listen(Answer first) throws IOException {
        Answer answer = first;
        while (true) {
            if (!(answer instanceof Answer.Null)) {
                print(answer);
            }
            answer = session.answer();
        }
    }

    private void print(Answer answer) {
        out.writeBytes(printer.print(answer));
        out.flush();
    }

    private boolean pipe(List<byte[]> words, String command) throws IOException {
        Answer answer = session.call(words);
        if (answer instanceof Answer.Failure) {
            print(answer);
            return false;
        }
        Process process = new ProcessBuilder("sh", "-c", command)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (OutputStream input = process.getOutputStream()) {
            input.write((printer == AnswerPrinter.JSON ? printer : AnswerPrinter.RAW).print(answer));
        } catch (IOException e) {
            // A command such as head may end before it has read everything.
        }
        try {
            return process.waitFor() == 0;
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
