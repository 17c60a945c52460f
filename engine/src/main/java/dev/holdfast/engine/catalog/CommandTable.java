package dev.holdfast.engine.catalog;

import dev.holdfast.engine.base.Slice;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * All commands by name. Looking one up neither allocates nor cares for case.
 *
 * <p>The configuration may rename commands, or take their names away. Clients know them by their new names then; rules on
 * users go by their own, and so do all descriptions call them, wherever commands are listed by which clients can reach.
 *
 * <p>The table numbers its commands and their subcommands, so that statistics, permissions and handlers stand in arrays.
 */
public final class CommandTable {
    private final Map<String, CommandSpec> byName = new LinkedHashMap<>();
    private final List<CommandSpec> byId = new ArrayList<>();
    private final Collection<CommandSpec> reachable;
    private final CommandSpec[] slots;
    private final String[] names;

    /**
     * @param renames pairs of a name and the new one, which is empty where the command is to be out of reach
     * @throws IllegalArgumentException if there is no command of such a name, or another already has the new one
     */
    public CommandTable(Collection<CommandSpec> commands, List<List<String>> renames) {
        AtomicInteger ids = new AtomicInteger();
        for (CommandSpec declared : commands) {
            CommandSpec command = declared.numbered(ids::getAndIncrement);
            if (byName.put(command.key(), command) != null) {
                throw new IllegalArgumentException("declared twice: " + command.key());
            }
            byId.add(command);
            byId.addAll(command.subcommands().values());
        }
        Map<String, CommandSpec> byPresentName = renamed(renames);
        reachable = List.copyOf(byPresentName.values());
        int capacity = Integer.highestOneBit(byName.size() * 4);
        slots = new CommandSpec[capacity];
        names = new String[capacity];
        byPresentName.forEach((name, command) -> {
            int i = fold(Slice.of(name)) & (capacity - 1);
            while (slots[i] != null) {
                i = (i + 1) & (capacity - 1);
            }
            slots[i] = command;
            names[i] = name;
        });
    }

    private Map<String, CommandSpec> renamed(List<List<String>> renames) {
        Map<String, CommandSpec> reachable = new LinkedHashMap<>(byName);
        for (List<String> rename : renames) {
            String name = rename.getFirst().toUpperCase(Locale.ROOT);
            String newName = rename.getLast().toUpperCase(Locale.ROOT);
            CommandSpec command = reachable.remove(name);
            if (command == null) {
                throw new IllegalArgumentException("No such command in rename-command: " + rename.getFirst());
            }
            if (!newName.isEmpty() && reachable.putIfAbsent(newName, command) != null) {
                throw new IllegalArgumentException("Target command name already exists: " + rename.getLast());
            }
        }
        return reachable;
    }

    /** A hash of a name that ignores case. */
    private static int fold(Slice name) {
        byte[] array = name.array();
        int end = name.offset() + name.length();
        int hash = name.length();
        for (int i = name.offset(); i < end; i++) {
            hash = hash * 31 + (array[i] & 0xDF);
        }
        return hash ^ hash >>> 11;
    }

    /** The command that clients know by this name, or null. A container is returned for any of its subcommands. */
    public @Nullable CommandSpec find(Slice name) {
        int mask = slots.length - 1;
        int i = fold(name) & mask;
        while (true) {
            CommandSpec command = slots[i];
            if (command == null || name.isWord(names[i])) {
                return command;
            }
            i = (i + 1) & mask;
        }
    }

    /** The command that clients know by this name, in any case, where a subcommand's follows a bar. */
    public @Nullable CommandSpec find(String fullName) {
        int bar = fullName.indexOf('|');
        CommandSpec command = find(Slice.of(bar < 0 ? fullName : fullName.substring(0, bar)));
        return bar < 0 || command == null ? command : find(command, Slice.of(fullName.substring(bar + 1)));
    }

    /** As {@link #find(String)}, but by the name of its own, which clients may not be able to reach. */
    public @Nullable CommandSpec declared(String fullName) {
        int bar = fullName.indexOf('|');
        CommandSpec command = byName.get((bar < 0 ? fullName : fullName.substring(0, bar)).toUpperCase(Locale.ROOT));
        return bar < 0 || command == null ? command : find(command, Slice.of(fullName.substring(bar + 1)));
    }

    /** The subcommand of this name, or null. */
    public @Nullable CommandSpec find(CommandSpec container, Slice name) {
        for (CommandSpec subcommand : container.subcommands().values()) {
            if (name.isWord(subcommand.key())) {
                return subcommand;
            }
        }
        return null;
    }

    /** The commands that clients can reach, without subcommands. */
    public Collection<CommandSpec> commands() {
        return reachable;
    }

    /** All commands, without subcommands, in the order of their declaration. */
    public Collection<CommandSpec> declared() {
        return byName.values();
    }

    /** The command or subcommand with this number. */
    public CommandSpec byId(int id) {
        return byId.get(id);
    }

    /** How many commands and subcommands there are. */
    public int idCount() {
        return byId.size();
    }
}
