package dev.holdfast.app.cli;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
                System.out.println(AnswerPrinter.json(parse(answer.asText())));
            } else {
                System.out.print(answer.asText());
            }
            return 0;
        }
    }

    /** Sections by their names in small letters, fields by theirs; a value of the form {@code a=1,b=2} is a map again. */
    static Map<String, Map<String, Object>> parse(String info) {
        Map<String, Map<String, Object>> parsed = new LinkedHashMap<>();
        Map<String, Object> section = new LinkedHashMap<>();
        for (String line : info.lines().toList()) {
            int colon = line.indexOf(':');
            if (line.startsWith("# ")) {
                section = parsed.computeIfAbsent(
                        line.substring(2).toLowerCase(Locale.ROOT), name -> new LinkedHashMap<>());
            } else if (colon > 0) {
                section.put(line.substring(0, colon), value(line.substring(colon + 1)));
            }
        }
        return parsed;
    }

    private static Object value(String text) {
        if (!text.matches("[\\w.-]+=[^=,]*(,[\\w.-]+=[^=,]*)*")) {
            return scalar(text);
        }
        Map<String, Object> parts = new LinkedHashMap<>();
        for (String part : text.split(",")) {
            int equals = part.indexOf('=');
            parts.put(part.substring(0, equals), scalar(part.substring(equals + 1)));
        }
        return parts;
    }

    private static Object scalar(String text) {
        if (text.matches("-?(0|[1-9]\\d{0,17})")) {
            return Long.parseLong(text);
        }
        return text.matches("-?\\d+\\.\\d+") ? Double.parseDouble(text) : text;
    }
}
