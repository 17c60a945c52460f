package dev.holdfast.server;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.InlineWords;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the configuration as valkey-server does. A file of directives, one a line, the standard input and the options of the command
 * line make one text, in this order, of which the last line about a parameter counts: {@code --port 7000} is the line
 * {@code port 7000}.
 */
public final class ConfigFile {
    /** Directives that Valkey reads over as well. */
    private static final Set<String> OUTDATED = Set.of(
            "list-max-ziplist-entries",
            "list-max-ziplist-value",
            "lua-replicate-commands",
            "io-threads-do-reads",
            "dynamic-hz",
            "events-per-io-thread");

    /** Directives that are no parameters and whose effect does not exist. */
    private static final Map<String, String> UNSUPPORTED = Map.of(
            "loadmodule", "Modules are not supported",
            "sentinel", "Sentinel mode is not supported");

    private final Config config;

    private ConfigFile(Config config) {
        this.config = config;
    }

    /**
     * Applies a command line to a configuration.
     *
     * @param arguments perhaps a file's name, then options; a dash at either end stands for the standard input
     * @return the file, or null if none was named
     * @throws IOException if a file cannot be read; the message says which
     * @throws ConfigException if a line is wrong; the message shows it in Valkey's way
     */
    public static @Nullable Path apply(Config config, List<String> arguments, InputStream standardInput)
            throws IOException, ConfigException {
        Path file = null;
        StringBuilder text = new StringBuilder();
        List<String> options = arguments;
        if (!arguments.isEmpty() && !arguments.getFirst().startsWith("-")) {
            file = Path.of(arguments.getFirst()).toAbsolutePath().normalize();
            text.append(read(file.toString()));
            options = arguments.subList(1, arguments.size());
        }
        int last = arguments.size() - 1;
        if (last >= 0
                && (arguments.get(last).equals("-") || arguments.getFirst().equals("-"))) {
            text.append(new String(standardInput.readAllBytes(), StandardCharsets.UTF_8));
        }
        text.append('\n').append(optionLines(options));
        new ConfigFile(config).apply(text.toString());
        return file;
    }

    /**
     * The options as lines. Two dashes begin an option only behind the value of the one before, so that a value may begin with
     * two dashes; an option and its value may be one argument.
     */
    private static String optionLines(List<String> options) {
        StringBuilder lines = new StringBuilder();
        boolean complete = true;
        for (int i = 0; i < options.size(); i++) {
            String option = options.get(i);
            boolean last = i == options.size() - 1;
            if (option.equals("-") && (i == 0 || last)) {
                continue;
            }
            if (!complete || !option.startsWith("--")) {
                lines.append(quoted(option)).append(' ');
                complete = true;
                continue;
            }
            lines.append(lines.isEmpty() ? "" : "\n")
                    .append(option, 2, option.length())
                    .append(' ');
            Args words = new Args();
            complete = !InlineWords.split(Slice.of(option).array(), words) || words.count() != 1;
            // An empty list of save points may be written as no value at all.
            if (!complete
                    && option.strip().equalsIgnoreCase("--save")
                    && (last || options.get(i + 1).startsWith("--"))) {
                lines.append("\"\"");
                complete = true;
            }
        }
        return lines.toString();
    }

    private static String quoted(String word) {
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            switch (c) {
                case '"', '\\' -> text.append('\\').append(c);
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                default -> text.append(c);
            }
        }
        return text.append('"').toString();
    }

    /** The text of a file, or of all files that a pattern matches. */
    private static String read(String name) throws IOException {
        if (name.indexOf('*') < 0 && name.indexOf('?') < 0 && name.indexOf('[') < 0) {
            return readFile(Path.of(name));
        }
        Path pattern = Path.of(name).toAbsolutePath();
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> found =
                Files.newDirectoryStream(pattern.getParent(), String.valueOf(pattern.getFileName()))) {
            found.forEach(files::add);
        } catch (NoSuchFileException e) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        for (Path file : files.stream().sorted().toList()) {
            text.append(readFile(file)).append('\n');
        }
        return text.toString();
    }

    private static String readFile(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new IOException("Fatal error, can't open config file '" + file + "': No such file or directory", e);
        } catch (IOException e) {
            throw new IOException("Fatal error, can't open config file '" + file + "': " + Reason.of(e), e);
        }
    }

    private void apply(String text) throws IOException, ConfigException {
        int number = 0;
        for (String each : text.split("\n", -1)) {
            number++;
            String line = each.strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            try {
                applyLine(line);
            } catch (ConfigException e) {
                if (e.getMessage().startsWith("\n***")) {
                    throw e;
                }
                throw new ConfigException("\n*** FATAL CONFIG FILE ERROR (Version " + Program.version()
                        + ") ***\nReading the configuration file, at line " + number + "\n>>> '" + concealed(line)
                        + "'\n" + e.getMessage());
            }
        }
    }

    /** A line without the value of a parameter that must not be shown. */
    private String concealed(String line) {
        String name = line.split("\\s", 2)[0];
        var parameter = config.find(name);
        boolean secret = parameter != null && parameter.isSecret() || name.equalsIgnoreCase("user");
        return secret ? name + " (hidden)" : line;
    }

    private void applyLine(String line) throws IOException, ConfigException {
        Args words = new Args();
        if (!InlineWords.split(line.getBytes(StandardCharsets.UTF_8), words)) {
            throw new ConfigException("Unbalanced quotes in configuration line");
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < words.count(); i++) {
            texts.add(words.get(i).toString());
        }
        if (texts.isEmpty()) {
            return;
        }
        String name = texts.getFirst().toLowerCase(Locale.ROOT);
        List<String> values = texts.subList(1, texts.size());
        if (config.find(name) != null) {
            config.load(name, values);
        } else if (name.equals("user") && !values.isEmpty()) {
            config.addUser(values);
        } else if (name.equals("rename-command") && values.size() == 2) {
            config.renameCommand(values.get(0), values.get(1));
        } else if (name.equals("include") && values.size() == 1) {
            apply(read(values.getFirst()));
        } else if (!OUTDATED.contains(name) || values.size() != 1) {
            throw new ConfigException(UNSUPPORTED.getOrDefault(name, "Bad directive or wrong number of arguments"));
        }
    }
}
