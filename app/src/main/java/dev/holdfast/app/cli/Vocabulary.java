package dev.holdfast.app.cli;

import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.protocol.Args;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.Highlighter;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;
import org.jspecify.annotations.Nullable;

/** What the prompt knows of commands: it completes their names and the keys they are about, hints at their words, and colours both. */
final class Vocabulary implements Completer, Highlighter {
    /** How many steps of SCAN a completion takes at most: of a large store it offers what it has found until then. */
    private static final int MOST_SCANS = 20;

    private static final String KEYS_A_SCAN = "500";
    private static final int MOST_KEYS = 100;

    private static final AttributedStyle COMMAND =
            AttributedStyle.DEFAULT.foreground(AttributedStyle.CYAN).bold();
    private static final AttributedStyle UNKNOWN = AttributedStyle.DEFAULT.foreground(AttributedStyle.RED);
    private static final AttributedStyle KEY = AttributedStyle.DEFAULT.foreground(AttributedStyle.GREEN);

    private final Map<String, CommandSpec> commands = new TreeMap<>();
    private final ServerSession session;

    Vocabulary(ServerSession session) {
        this.session = session;
        AllCommands.list().forEach(command -> commands.put(command.name().toUpperCase(Locale.ROOT), command));
    }

    /** The command or subcommand that a line's words begin with; null for none that is known. */
    private @Nullable CommandSpec command(List<String> words) {
        CommandSpec command =
                words.isEmpty() ? null : commands.get(words.getFirst().toUpperCase(Locale.ROOT));
        return command == null || !command.isContainer() || words.size() < 2
                ? command
                : subcommand(command, words.get(1));
    }

    private static @Nullable CommandSpec subcommand(CommandSpec container, String name) {
        return container.subcommands().values().stream()
                .filter(subcommand -> subcommand.name().equalsIgnoreCase(name))
                .findFirst()
                .orElse(null);
    }

    @Override
    public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
        List<String> words = line.words();
        if (line.wordIndex() == 0) {
            commands.values().forEach(command -> candidates.add(candidate(command)));
            return;
        }
        CommandSpec container = commands.get(words.getFirst().toUpperCase(Locale.ROOT));
        if (container != null && container.isContainer() && line.wordIndex() == 1) {
            container.subcommands().values().forEach(subcommand -> candidates.add(candidate(subcommand)));
        } else if (isKey(words, line.wordIndex())) {
            completeKey(line.word().substring(0, line.wordCursor()), candidates);
        }
    }

    private static Candidate candidate(CommandSpec command) {
        String name = command.name().toUpperCase(Locale.ROOT);
        return new Candidate(name, name, null, command.summary(), null, null, true);
    }

    private boolean isKey(List<String> words, int index) {
        if (words.getFirst().equalsIgnoreCase("peek")) {
            return index == 1;
        }
        CommandSpec command = command(words);
        if (command == null) {
            return false;
        }
        Args args = new Args();
        ServerSession.words(words.toArray(String[]::new)).forEach(args::add);
        return command.keysOf(args).contains(index);
    }

    private void completeKey(String begin, List<Candidate> candidates) {
        try {
            String cursor = "0";
            for (int i = 0; i < MOST_SCANS && candidates.size() < MOST_KEYS; i++) {
                List<Answer> page = session.call("SCAN", cursor, "MATCH", glob(begin) + "*", "COUNT", KEYS_A_SCAN)
                        .asList();
                if (page.size() != 2) {
                    return;
                }
                page.getLast().asList().forEach(key -> candidates.add(new Candidate(key.asText())));
                cursor = page.getFirst().asText();
                if (cursor.equals("0")) {
                    return;
                }
            }
        } catch (IOException e) {
            // There is nothing to offer; the next command tells what is wrong.
        }
    }

    /** A pattern that only this text matches. */
    private static String glob(String text) {
        return text.replaceAll("[\\[\\]*?\\\\]", "\\\\$0");
    }

    /** Lets a line reader show the words that may follow, as they are typed. */
    void hintIn(LineReader reader) {
        reader.setAutosuggestion(LineReader.SuggestionType.TAIL_TIP);
    }

    /** The words that may follow those of a line, as the command's manual names them. */
    String hint(String line) {
        List<String> words = List.of(line.stripLeading().split(" +"));
        CommandSpec command = command(words);
        if (command == null || !line.endsWith(" ")) {
            return "";
        }
        int given = words.size() - (command.parent() == null ? 1 : 2);
        List<String> syntax = List.of(command.syntax().split(" (?![^\\[]*\\])"));
        return given < 0 || given >= syntax.size() ? "" : String.join(" ", syntax.subList(given, syntax.size()));
    }

    @Override
    public AttributedString highlight(LineReader reader, String line) {
        reader.setTailTip(hint(line));
        AttributedStringBuilder shown = new AttributedStringBuilder();
        String[] words = line.split("(?<= )(?! )");
        List<String> bare = List.of(line.strip().split(" +"));
        boolean known = command(bare) != null || bare.getFirst().equalsIgnoreCase("peek");
        CommandSpec first = commands.get(bare.getFirst().toUpperCase(Locale.ROOT));
        boolean subcommand = first != null && first.isContainer();
        for (int i = 0; i < words.length; i++) {
            if (i == 0 || i == 1 && subcommand) {
                shown.styled(known || i == 0 && subcommand ? COMMAND : UNKNOWN, words[i]);
            } else if (known && i < bare.size() && isKey(bare, i)) {
                shown.styled(KEY, words[i]);
            } else {
                shown.append(words[i]);
            }
        }
        return shown.toAttributedString();
    }
}
