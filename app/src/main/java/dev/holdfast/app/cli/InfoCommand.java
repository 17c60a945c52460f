package dev.holdfast.app.cli;

import dev.holdfast.relay.console.InfoText;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code holdfast info}: what INFO says, also as JSON. */
@Command(name = "info", description = "Shows what a server says of itself.", mixinStandardHelpOptions = true)
public final class InfoCommand implements Callable<Integer> {
    @Mixin
    private StoreOption store = new StoreOption();

    @Parameters(
            arity = "0..*",
            paramLabel = "SECTION",
            description = "such as memory or replication; all usual ones unless given")
    private List<String> sections = List.of();

    @Option(names = "--json", description = "as JSON: sections, their fields, and the parts of fields such as db0")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        try (ServerSession session = store.connect()) {
            Answer answer = session.call(
                    Stream.concat(Stream.of("INFO"), sections.stream()).toArray(String[]::new));
            if (answer instanceof Answer.Failure(String message)) {
                throw new IOException("the server answered: " + message);
            }
            if (json) {
                System.out.println(AnswerPrinter.json(InfoText.parse(answer.asText())));
            } else {
                System.out.print(answer.asText());
            }
            return 0;
        }
    }
}
