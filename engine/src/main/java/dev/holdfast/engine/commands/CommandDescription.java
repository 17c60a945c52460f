package dev.holdfast.engine.commands;

import dev.holdfast.engine.catalog.Argument;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.protocol.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Writes declarations of commands in the forms of {@code COMMAND INFO} and {@code COMMAND DOCS}. */
final class CommandDescription {
    /** Flags that Valkey does not show. */
    private static final Set<CommandFlag> UNSEEN =
            Set.of(CommandFlag.MAY_REPLICATE, CommandFlag.PROTECTED, CommandFlag.TOUCHES_ARBITRARY_KEYS);

    private CommandDescription() {}

    // ---- INFO ----

    static void info(Reply reply, CommandSpec command) {
        reply.array(10);
        reply.bulk(command.fullName());
        reply.integer(command.arity());
        List<String> flags = command.flags().stream()
                .filter(flag -> !UNSEEN.contains(flag) && !flag.shown().isEmpty())
                .map(CommandFlag::shown)
                .toList();
        reply.set(flags.size());
        flags.forEach(reply::simple);
        range(reply, command);
        Set<String> categories = command.aclCategories();
        reply.set(categories.size());
        CommandSpec.ACL_CATEGORIES.stream()
                .filter(categories::contains)
                .forEach(category -> reply.simple("@" + category));
        reply.set(command.tips().size());
        command.tips().forEach(reply::bulk);
        reply.set(command.keySpecs().size());
        command.keySpecs().forEach(spec -> keySpec(reply, spec));
        reply.set(command.subcommands().size());
        command.subcommands().values().forEach(subcommand -> info(reply, subcommand));
    }

    /** First key, last key and step, as clients knew them before there were key specifications. */
    private static void range(Reply reply, CommandSpec command) {
        int first = Integer.MAX_VALUE;
        int last = 0;
        int step = 0;
        int previous = 0;
        List<KeySpec> specs = command.keySpecs();
        for (KeySpec spec : specs) {
            boolean isRange = !spec.isKeyword() && !spec.isCounted() && !spec.isUnknown();
            if (isRange && specs.size() == 1) {
                first = spec.begin();
                last = spec.last() < 0 ? spec.last() : first + spec.last();
                step = spec.step();
            } else if (isRange && spec.step() == 1 && (previous == 0 || previous == spec.begin() - 1)) {
                first = Math.min(first, spec.begin());
                int end = spec.last() < 0 ? spec.last() : spec.begin() + spec.last();
                last = Integer.compareUnsigned(end, last) > 0 ? end : last;
                step = 1;
                previous = last;
            }
        }
        reply.integer(step == 0 ? 0 : first);
        reply.integer(last);
        reply.integer(step);
    }

    /** The names of the flags of a key. */
    static void flags(Reply reply, List<KeySpec.Flag> flags) {
        reply.set(flags.size());
        for (KeySpec.Flag flag : KeySpec.Flag.values()) {
            if (flags.contains(flag)) {
                reply.simple(flag.shown());
            }
        }
    }

    private static void keySpec(Reply reply, KeySpec spec) {
        reply.map(3);
        reply.bulk("flags");
        flags(reply, spec.flags());
        if (spec.isUnknown()) {
            unknown(reply, "begin_search");
            unknown(reply, "find_keys");
            return;
        }
        reply.bulk("begin_search");
        reply.map(2);
        reply.bulk("type");
        reply.bulk(spec.isKeyword() ? "keyword" : "index");
        reply.bulk("spec");
        if (spec.isKeyword()) {
            reply.map(2);
            reply.bulk("keyword");
            reply.bulk(spec.keyword());
            field(reply, "startfrom", spec.begin());
        } else {
            reply.map(1);
            field(reply, "index", spec.begin());
        }
        reply.bulk("find_keys");
        reply.map(2);
        reply.bulk("type");
        reply.bulk(spec.isCounted() ? "keynum" : "range");
        reply.bulk("spec");
        reply.map(3);
        if (spec.isCounted()) {
            field(reply, "keynumidx", spec.countAt());
            field(reply, "firstkey", spec.firstKey());
            field(reply, "keystep", spec.step());
        } else {
            field(reply, "lastkey", spec.last());
            field(reply, "keystep", spec.step());
            field(reply, "limit", spec.limit());
        }
    }

    private static void unknown(Reply reply, String step) {
        reply.bulk(step);
        reply.map(2);
        reply.bulk("type");
        reply.bulk("unknown");
        reply.bulk("spec");
        reply.map(0);
    }

    private static void field(Reply reply, String name, long value) {
        reply.bulk(name);
        reply.integer(value);
    }

    // ---- DOCS ----

    static void docs(Reply reply, CommandSpec command) {
        List<Argument> arguments = command.arguments();
        int fields = 4 + (arguments.isEmpty() ? 0 : 1) + (command.isContainer() ? 1 : 0);
        reply.map(fields);
        reply.bulk("summary");
        reply.bulk(command.summary());
        reply.bulk("since");
        reply.bulk(command.since());
        reply.bulk("group");
        reply.bulk(command.group().shown());
        reply.bulk("complexity");
        reply.bulk(command.complexity());
        if (!arguments.isEmpty()) {
            reply.bulk("arguments");
            arguments(reply, arguments, new ArgumentTypes(command, arguments));
        }
        if (command.isContainer()) {
            reply.bulk("subcommands");
            reply.map(command.subcommands().size());
            for (CommandSpec subcommand : command.subcommands().values()) {
                reply.bulk(subcommand.fullName());
                docs(reply, subcommand);
            }
        }
    }

    private static void arguments(Reply reply, List<Argument> arguments, ArgumentTypes types) {
        reply.array(arguments.size());
        for (Argument argument : arguments) {
            argument(reply, argument, types);
        }
    }

    private static void argument(Reply reply, Argument argument, ArgumentTypes types) {
        List<String> flags = flagsOf(argument);
        boolean group = !argument.parts().isEmpty();
        boolean token = !argument.token().isEmpty();
        int key = types.keySpec(argument);
        reply.map(3 + (key >= 0 ? 1 : 0) + (token ? 1 : 0) + (flags.isEmpty() ? 0 : 1));
        reply.bulk("name");
        reply.bulk(argument.name().toLowerCase(Locale.ROOT));
        reply.bulk("type");
        reply.bulk(types.type(argument));
        if (!group) {
            reply.bulk("display_text");
            reply.bulk(argument.name().toLowerCase(Locale.ROOT));
        }
        if (key >= 0) {
            field(reply, "key_spec_index", key);
        }
        if (token) {
            reply.bulk("token");
            reply.bulk(argument.token());
        }
        if (!flags.isEmpty()) {
            reply.bulk("flags");
            reply.set(flags.size());
            flags.forEach(reply::simple);
        }
        if (group) {
            reply.bulk("arguments");
            arguments(reply, argument.parts(), types);
        }
    }

    private static List<String> flagsOf(Argument argument) {
        List<String> flags = new ArrayList<>();
        if (argument.optional()) {
            flags.add("optional");
        }
        if (argument.multiple()) {
            flags.add("multiple");
        }
        if (argument.multipleToken()) {
            flags.add("multiple_token");
        }
        return flags;
    }
}
