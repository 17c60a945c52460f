package dev.holdfast.conformance.script;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** The commands that scripts run. */
public final class ScriptedCommands {
    private ScriptedCommands() {}

    /** Their names in lower case; of every command with a second word also the two with a bar between. */
    public static Set<String> names() {
        Set<String> names = new TreeSet<>();
        for (Script script : Script.all()) {
            for (Script.Scenario scenario : script.scenarios()) {
                for (Script.Step step : scenario.steps()) {
                    List<String> words = step.words();
                    if (!words.isEmpty()) {
                        String name = words.getFirst().toLowerCase(Locale.ROOT);
                        names.add(name);
                        if (words.size() > 1) {
                            names.add(name + "|" + words.get(1).toLowerCase(Locale.ROOT));
                        }
                    }
                }
            }
        }
        return names;
    }
}
