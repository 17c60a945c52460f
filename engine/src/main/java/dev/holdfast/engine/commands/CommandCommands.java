package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Glob;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.CommandTable;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.RespReply;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** COMMAND: what the store says of its own commands, all of it taken from their declarations. */
public final class CommandCommands {
    private static final int ENCODED_BYTES = 64 * 1024;

    /** COMMAND and COMMAND DOCS, each in RESP2 and RESP3, for all stores of this JVM. */
    private static final AtomicReferenceArray<Encoded> ENCODED = new AtomicReferenceArray<>(4);

    /** An answer about commands of these names. */
    private record Encoded(List<String> names, Slice bytes) {}

    private CommandCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(declare("COMMAND", "", -1, "2.8.13", CommandCommands::all)
            .tips("nondeterministic_output_order")
            .complexity("O(N) with the number of commands")
            .summary("What there is to know about all commands, for clients")
            .subcommands(List.of(
                    declare("COUNT", "", 2, "2.8.13", CommandCommands::count)
                            .complexity("O(1)")
                            .summary("The number of commands"),
                    declare("DOCS", "[command-name [command-name ...]]", -2, "7.0.0", CommandCommands::docs)
                            .tips("nondeterministic_output_order")
                            .complexity("O(N) with the number of commands asked for")
                            .summary("The documentation of commands, with their arguments as trees"),
                    declare("GETKEYS", "command [arg [arg ...]]", -3, "2.8.13", call -> keys(call, false))
                            .complexity("O(N) with the number of words")
                            .summary("The keys in the words of a command"),
                    declare("GETKEYSANDFLAGS", "command [arg [arg ...]]", -3, "7.0.0", call -> keys(call, true))
                            .complexity("O(N) with the number of words")
                            .summary("The keys in the words of a command and what it does to them"),
                    declare("INFO", "[command-name [command-name ...]]", -2, "2.8.13", CommandCommands::info)
                            .tips("nondeterministic_output_order")
                            .complexity("O(N) with the number of commands asked for")
                            .summary("What there is to know about commands, for clients"),
                    declare(
                                    "LIST",
                                    "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
                                    -2,
                                    "7.0.0",
                                    CommandCommands::list)
                            .tips("nondeterministic_output_order")
                            .complexity("O(N) with the number of commands")
                            .summary("The names of commands"),
                    Help.subcommand(SERVER, "5.0.0").acl("connection"))));

    private static CommandSpec declare(String name, String syntax, int arity, String since, Handler handler) {
        return command(name, syntax, handler)
                .in(SERVER)
                .since(since)
                .arity(arity)
                .flags(LOADING, STALE)
                .acl("connection");
    }

    private static void count(Call call) {
        call.reply().integer(call.engine().commands().commands().size());
    }

    private static void all(Call call) {
        Collection<CommandSpec> commands = call.engine().commands().commands();
        writeOnce(call, false, commands, reply -> {
            reply.array(commands.size());
            for (CommandSpec command : commands) {
                CommandDescription.info(reply, command);
            }
        });
    }

    /**
     * Writes an answer about all commands, which is long, and the same until a store names its commands differently: as it was encoded
     * last, since everybody waits while it is written.
     */
    private static void writeOnce(Call call, boolean docs, Collection<CommandSpec> commands, Consumer<Reply> answer) {
        if (!(call.reply() instanceof RespReply reply)) {
            answer.accept(call.reply());
            return;
        }
        List<String> names = commands.stream().map(CommandSpec::fullName).toList();
        int place = (docs ? 2 : 0) + (reply.resp3() ? 1 : 0);
        Encoded encoded = ENCODED.get(place);
        if (encoded == null || !encoded.names.equals(names)) {
            RespReply fresh = new RespReply(ENCODED_BYTES);
            fresh.setResp3(reply.resp3());
            answer.accept(fresh);
            encoded = new Encoded(names, new Slice(fresh.toBytes()));
            ENCODED.set(place, encoded);
        }
        reply.raw(encoded.bytes.array());
    }

    private static void info(Call call) {
        if (call.argCount() == 2) {
            all(call);
            return;
        }
        CommandTable table = call.engine().commands();
        call.reply().array(call.argCount() - 2);
        for (int i = 2; i < call.argCount(); i++) {
            CommandSpec command = table.find(call.arg(i).toString());
            if (command == null) {
                call.reply().nil();
            } else {
                CommandDescription.info(call.reply(), command);
            }
        }
    }

    private static void docs(Call call) {
        CommandTable table = call.engine().commands();
        if (call.argCount() == 2) {
            writeOnce(call, true, table.commands(), reply -> docs(reply, table.commands()));
            return;
        }
        List<CommandSpec> commands = new ArrayList<>();
        for (int i = 2; i < call.argCount(); i++) {
            CommandSpec command = table.find(call.arg(i).toString());
            if (command != null) {
                commands.add(command);
            }
        }
        docs(call.reply(), commands);
    }

    private static void docs(Reply reply, Collection<CommandSpec> commands) {
        reply.map(commands.size());
        for (CommandSpec command : commands) {
            reply.bulk(command.fullName());
            CommandDescription.docs(reply, command);
        }
    }

    private static void list(Call call) {
        Predicate<CommandSpec> filter = command -> true;
        if (call.argCount() > 2) {
            if (call.argCount() != 5 || !call.arg(2).isWord("FILTERBY")) {
                throw CommandException.syntax();
            }
            filter = filter(call.arg(3), call.arg(4).toString());
        }
        List<String> names = new ArrayList<>();
        for (CommandSpec command : call.engine().commands().commands()) {
            addIf(filter, command, names);
            for (CommandSpec subcommand : command.subcommands().values()) {
                addIf(filter, subcommand, names);
            }
        }
        call.reply().array(names.size());
        names.forEach(call.reply()::bulk);
    }

    private static void addIf(Predicate<CommandSpec> filter, CommandSpec command, List<String> names) {
        if (filter.test(command)) {
            names.add(command.fullName());
        }
    }

    private static Predicate<CommandSpec> filter(Slice kind, String argument) {
        if (kind.isWord("MODULE")) {
            return command -> false;
        }
        if (kind.isWord("ACLCAT")) {
            return command -> command.aclCategories().contains(argument.toLowerCase(Locale.ROOT));
        }
        if (kind.isWord("PATTERN")) {
            return command -> Glob.matches(argument, command.fullName(), true);
        }
        throw CommandException.syntax();
    }

    /** The command whose name stands at the beginning of {@code args}, or null. */
    private static @Nullable CommandSpec find(CommandTable table, Args args) {
        CommandSpec command = table.find(args.get(0));
        if (command == null || !command.isContainer() || args.count() == 1) {
            return command;
        }
        return table.find(command, args.get(1));
    }

    private static void keys(Call call, boolean withFlags) {
        Args args = new Args();
        for (int i = 2; i < call.argCount(); i++) {
            Slice word = call.arg(i);
            args.add(word.array(), word.offset(), word.length());
        }
        CommandSpec command = find(call.engine().commands(), args);
        if (command == null) {
            throw new CommandException("ERR Invalid command specified");
        }
        if (command.keySpecs().stream().allMatch(KeySpec::isNotKey)) {
            throw new CommandException("ERR The command has no key arguments");
        }
        if (!command.acceptsCount(args.count())) {
            throw new CommandException("ERR Invalid number of arguments specified for command");
        }
        boolean incomplete = command.keySpecs().stream().anyMatch(spec -> spec.isMandatory() && !spec.isIn(args));
        List<Slice> keys = new ArrayList<>();
        List<List<KeySpec.Flag>> flags = new ArrayList<>();
        // Where the specifications fail, Valkey looks for the keys in another way, which finds those that are counted
        // first.
        List<KeySpec> specs = command.keySpecs().stream()
                .sorted(Comparator.comparing(spec -> !spec.isMiscounted(args)))
                .toList();
        for (KeySpec spec : specs) {
            if (!spec.isNotKey()) {
                List<KeySpec.Flag> actual = spec.flagsOf(args);
                spec.forEachKey(args, index -> {
                    keys.add(args.get(index));
                    flags.add(actual);
                });
            }
        }
        if ((incomplete || keys.isEmpty()) && !command.is(CommandFlag.NO_MANDATORY_KEYS)) {
            throw new CommandException("ERR Invalid arguments specified for command");
        }
        call.reply().array(keys.size());
        for (int i = 0; i < keys.size(); i++) {
            if (withFlags) {
                call.reply().array(2);
            }
            call.reply().bulk(keys.get(i));
            if (withFlags) {
                CommandDescription.flags(call.reply(), flags.get(i));
            }
        }
    }
}
