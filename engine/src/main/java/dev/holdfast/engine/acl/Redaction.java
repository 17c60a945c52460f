package dev.holdfast.engine.acl;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.Parameter;
import dev.holdfast.engine.protocol.Args;
import java.util.ArrayList;
import java.util.List;

/** Hides the secrets in a command's words from those who watch the commands of others: MONITOR and the logs of commands. */
public final class Redaction {
    private static final Slice HIDDEN = Slice.of("(redacted)");

    private Redaction() {}

    /** The words of a command, with {@code (redacted)} in place of passwords and of whatever may tell about users. */
    public static List<Slice> redact(CommandSpec spec, Args args, Config config) {
        List<Slice> words = new ArrayList<>(args.count());
        for (int i = 0; i < args.count(); i++) {
            words.add(args.get(i));
        }
        switch (spec.fullName()) {
            case "auth" -> hide(words, 1, words.size());
            case "acl|setuser", "acl|deluser", "acl|getuser" -> hide(words, 2, words.size());
            case "hello" -> hideAfter(words, 2, "AUTH", 2);
            case "migrate" -> {
                hideAfter(words, 6, "AUTH", 1);
                hideAfter(words, 6, "AUTH2", 2);
            }
            case "config|set" -> hideParameters(words, config);
            default -> {}
        }
        return words;
    }

    private static void hide(List<Slice> words, int from, int to) {
        for (int i = from; i < Math.min(to, words.size()); i++) {
            words.set(i, HIDDEN);
        }
    }

    private static void hideAfter(List<Slice> words, int from, String option, int count) {
        for (int i = from; i < words.size(); i++) {
            if (words.get(i).isWord("KEYS")) {
                return;
            }
            if (words.get(i).isWord(option)) {
                hide(words, i + 1, i + 1 + count);
            }
        }
    }

    private static void hideParameters(List<Slice> words, Config config) {
        for (int i = 2; i + 1 < words.size(); i += 2) {
            Parameter parameter = config.find(words.get(i).toString());
            if (parameter != null && parameter.isSecret()) {
                hide(words, i + 1, i + 2);
            }
        }
    }
}
