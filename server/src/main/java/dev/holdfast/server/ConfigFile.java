package dev.holdfast.server;

import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.InlineWords;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/**
 * Reads the configuration as valkey-server does: a file of directives, one a line, and options of the command line, which are
 * further lines: {@code --port 7000} is the line {@code port 7000}.
 */
public final class ConfigFile {
    private ConfigFile() {}

    /**
     * Applies a file and then options.
     *
     * @param arguments of the command line: perhaps a file's name, then options
     * @throws IOException if the file cannot be read
     * @throws ConfigException if a line is wrong; the message names it
     */
    public static void apply(Config config, List<String> arguments) throws IOException, ConfigException {
        int from = 0;
        if (!arguments.isEmpty() && !arguments.getFirst().startsWith("-")) {
            applyLines(config, Files.readAllLines(Path.of(arguments.getFirst())), arguments.getFirst());
            from = 1;
        } else if (!arguments.isEmpty() && arguments.getFirst().equals("-")) {
            String text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
            applyLines(config, text.lines().toList(), "standard input");
            from = 1;
        }
        applyOptions(config, arguments.subList(from, arguments.size()));
    }

    private static void applyLines(Config config, List<String> lines, String source)
            throws IOException, ConfigException {
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).trim();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            Args words = new Args();
            if (!InlineWords.split(line.getBytes(StandardCharsets.UTF_8), words)) {
                throw new ConfigException(source + ", line " + (i + 1) + ": Unbalanced quotes in configuration line");
            }
            List<String> texts = new ArrayList<>();
            for (int word = 0; word < words.count(); word++) {
                texts.add(words.get(word).toString());
            }
            try {
                applyLine(config, texts);
            } catch (ConfigException e) {
                throw new ConfigException(source + ", line " + (i + 1) + ": '" + line + "': " + e.getMessage());
            }
        }
    }

    private static void applyOptions(Config config, List<String> options) throws IOException, ConfigException {
        List<String> words = new ArrayList<>();
        for (String option : options) {
            if (option.startsWith("--") && !words.isEmpty()) {
                applyOption(config, words);
                words.clear();
            }
            if (words.isEmpty() && !option.startsWith("--")) {
                throw new ConfigException("'" + option + "' is not an option");
            }
            words.add(words.isEmpty() ? option.substring(2) : option);
        }
        if (!words.isEmpty()) {
            applyOption(config, words);
        }
    }

    private static void applyOption(Config config, List<String> words) throws IOException, ConfigException {
        try {
            applyLine(config, words);
        } catch (ConfigException e) {
            throw new ConfigException("--" + String.join(" ", words) + ": " + e.getMessage());
        }
    }

    private static void applyLine(Config config, List<String> words) throws IOException, ConfigException {
        String name = words.getFirst();
        if (name.equalsIgnoreCase("include") && words.size() == 2) {
            applyLines(config, Files.readAllLines(Path.of(words.get(1))), words.get(1));
            return;
        }
        StringJoiner value = new StringJoiner(" ");
        words.subList(1, words.size()).forEach(value::add);
        config.set(name, value.toString());
    }
}
