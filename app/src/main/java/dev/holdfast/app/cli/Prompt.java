package dev.holdfast.app.cli;

import dev.holdfast.engine.base.Reason;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/** Reads commands from a terminal and shows their answers. */
final class Prompt {
    /** Lines with secrets are not kept: those that log in, and those that set passwords. */
    private static final String NOT_KEPT =
            "AUTH *:auth *:HELLO *:hello *:ACL *:acl *:CONFIG SET *:config set *:MIGRATE *:migrate *";

    private final ServerSession session;
    private final AnswerPrinter printer;

    /** Whether the user has ended the command that runs. */
    private volatile boolean givenUp;

    Prompt(ServerSession session, AnswerPrinter printer) {
        this.session = session;
        this.printer = printer;
    }

    /** Reads from the terminal of this process, until {@code quit}, {@code exit} or the input's end. */
    void run() throws IOException {
        try (Terminal terminal = TerminalBuilder.builder().system(true).build()) {
            run(terminal, Path.of(System.getProperty("user.home"), ".holdfast_history"));
        }
    }

    /** @param history a file that keeps the lines */
    void run(Terminal terminal, Path history) {
        Vocabulary vocabulary = new Vocabulary(session);
        LineReader reader = LineReaderBuilder.builder()
                .terminal(terminal)
                .appName("holdfast")
                .completer(vocabulary)
                .highlighter(vocabulary)
                .variable(LineReader.HISTORY_FILE, history)
                .variable(LineReader.HISTORY_IGNORE, NOT_KEPT)
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                .option(LineReader.Option.CASE_INSENSITIVE, true)
                .build();
        vocabulary.hintIn(reader);
        PrintStream out = new PrintStream(terminal.output(), true, StandardCharsets.UTF_8);
        CommandRunner runner = new CommandRunner(session, printer, out);
        terminal.handle(Terminal.Signal.INT, signal -> giveUp());
        while (true) {
            String line = read(reader);
            if (line == null
                    || line.strip().equalsIgnoreCase("quit")
                    || line.strip().equalsIgnoreCase("exit")) {
                return;
            }
            run(runner, line, out);
        }
    }

    /** A line; empty where the user has given one up, null at the input's end. */
    private @Nullable String read(LineReader reader) {
        try {
            return reader.readLine(session.prompt() + "> ");
        } catch (UserInterruptException e) {
            return Thread.currentThread().isInterrupted() ? null : "";
        } catch (EndOfFileException e) {
            return null;
        }
    }

    private void run(CommandRunner runner, String line, PrintStream out) {
        try {
            givenUp = false;
            runner.run(line);
        } catch (IOException e) {
            boolean lost = !givenUp;
            out.println(lost ? "(" + Reason.of(e) + ")" : "");
            try {
                session.reconnect();
                out.print(lost ? "(connected again; whether the command has run is unknown)\n" : "");
            } catch (IOException again) {
                out.println("(" + Reason.of(again) + "; the next command tries once more)");
            }
        }
    }

    /** Ends what waits for an answer, by ending its connection. */
    private void giveUp() {
        givenUp = true;
        try {
            session.close();
        } catch (IOException e) {
            // It is of no more use either way.
        }
    }
}
