package dev.holdfast.app.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code holdfast cli}: a prompt for commands, or one command, or one for each line of the input. */
@Command(
        name = "cli",
        description =
                "A prompt for commands: with completion, hints, highlighting and history. With words it runs these as one command;"
                        + " with an input that is no terminal it runs each of its lines. Ends with 1 if an answer was an error.",
        mixinStandardHelpOptions = true)
public final class CliCommand implements Callable<Integer> {
    @Mixin
    private StoreOption store = new StoreOption();

    @Option(names = "--json", description = "show answers as JSON")
    private boolean json;

    @Option(names = "--raw", description = "show answers bare; so it is where the output is no terminal")
    private boolean raw;

    @Option(names = "--people", description = "show answers for people, though the output is no terminal")
    private boolean people;

    @Option(names = "-x", description = "take the command's last word from the input")
    private boolean lastWordFromInput;

    @Parameters(arity = "0..*", paramLabel = "WORD", description = "a command and its words")
    private List<String> words = List.of();

    @Override
    public Integer call() throws IOException {
        PrintStream out = System.out;
        AnswerPrinter printer = printer();
        try (ServerSession session = store.connect(push -> print(out, printer, push))) {
            if (!words.isEmpty()) {
                List<byte[]> command = new ArrayList<>(ServerSession.words(words.toArray(String[]::new)));
                if (lastWordFromInput) {
                    command.add(System.in.readAllBytes());
                }
                return new CommandRunner(session, printer, out).run(command) ? 0 : 1;
            }
            if (Terminals.isOne()) {
                new Prompt(session, printer).run();
                return 0;
            }
            return runLines(new CommandRunner(session, printer, out)) ? 0 : 1;
        }
    }

    private AnswerPrinter printer() {
        if (json) {
            return AnswerPrinter.JSON;
        }
        boolean terminal = Terminals.isOne();
        return raw || !people && !terminal ? AnswerPrinter.RAW : AnswerPrinter.PEOPLE;
    }

    private static void print(PrintStream out, AnswerPrinter printer, Answer answer) {
        out.writeBytes(printer.print(answer));
        out.flush();
    }

    private static boolean runLines(CommandRunner runner) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        boolean well = true;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (!line.isBlank()) {
                well &= runner.run(line);
            }
        }
        return well;
    }
}
