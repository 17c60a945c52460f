package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ADMIN;
import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.acl.Acl;
import dev.holdfast.engine.acl.AclDenial;
import dev.holdfast.engine.acl.AclFile;
import dev.holdfast.engine.acl.AclListener;
import dev.holdfast.engine.acl.AclLog;
import dev.holdfast.engine.acl.AclRuleException;
import dev.holdfast.engine.acl.AclUser;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** ACL: the users and what they may do. */
public final class AclCommands {
    private static final Logger LOG = LoggerFactory.getLogger(AclCommands.class);
    private static final int MOST_PASSWORD_BITS = 4096;
    private static final String[] ALL_NODES = {"request_policy:all_nodes", "response_policy:all_succeeded"};

    private AclCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(container("ACL")
            .in(SERVER)
            .since("6.0.0")
            .arity(-2)
            .complexity("That of the subcommand")
            .summary("Users and what they may do")
            .subcommands(List.of(
                    open("CAT", "[category]", -2, AclCommands::categories)
                            .complexity("O(N) with the number of categories or commands")
                            .summary("The categories of commands, or the commands of one"),
                    closed("DELUSER", "username [username ...]", -3, AclCommands::deleteUsers)
                            .tips(ALL_NODES)
                            .complexity("O(N) with the number of clients")
                            .summary("Removes users and disconnects their clients"),
                    closed("DRYRUN", "username command [arg [arg ...]]", -4, AclCommands::dryRun)
                            .since("7.0.0")
                            .complexity("O(1)")
                            .summary("Whether a user may run a command, without running it"),
                    open("GENPASS", "[bits]", -2, AclCommands::generatePassword)
                            .complexity("O(1)")
                            .summary("A random password in hexadecimal digits"),
                    closed("GETUSER", "username", 3, AclCommands::getUser)
                            .complexity("O(N) with the number of rules and passwords")
                            .summary("The flags, passwords' hashes and rules of a user"),
                    Help.subcommand(SERVER, "6.0.0"),
                    closed("LIST", "", 2, AclCommands::list)
                            .complexity("O(N) with the number of users")
                            .summary("The users with their rules, as lines of the configuration file"),
                    closed("LOAD", "", 2, AclCommands::load)
                            .complexity("O(N) with the number of users and clients")
                            .summary("Reads the file of users again"),
                    closed("LOG", "[<count | RESET>]", -2, AclCommands::log)
                            .complexity("O(N) with the number of entries shown")
                            .summary("What was denied, and to which user, the latest first"),
                    closed("SAVE", "", 2, AclCommands::save)
                            .tips(ALL_NODES)
                            .complexity("O(N) with the number of users")
                            .summary("Writes the users to the file of users"),
                    closed("SETUSER", "username [rule [rule ...]]", -3, AclCommands::setUser)
                            .tips(ALL_NODES)
                            .complexity("O(N) with the number of rules")
                            .summary("Changes a user, or makes one"),
                    closed("USERS", "", 2, AclCommands::users)
                            .complexity("O(N) with the number of users")
                            .summary("The names of the users"),
                    open(
                                    "WHOAMI",
                                    "",
                                    2,
                                    call -> call.reply()
                                            .bulk(Acl.bytes(call.client().user().name())))
                            .complexity("O(1)")
                            .summary("The user of this connection"))));

    private static CommandSpec open(String name, String syntax, int arity, Handler handler) {
        return command(name, syntax, handler)
                .in(SERVER)
                .since("6.0.0")
                .arity(arity)
                .flags(NOSCRIPT, LOADING, STALE);
    }

    private static CommandSpec closed(String name, String syntax, int arity, Handler handler) {
        return open(name, syntax, arity, handler).flags(ADMIN);
    }

    private static Acl acl(Call call) {
        return call.engine().acl();
    }

    private static AclListener disconnecting(Call call) {
        return call.engine().permissions().disconnecting(call.client());
    }

    private static void categories(Call call) {
        checkCount(call, 3);
        if (call.argCount() == 2) {
            call.reply().array(CommandSpec.ACL_CATEGORIES.size());
            CommandSpec.ACL_CATEGORIES.forEach(call.reply()::bulk);
            return;
        }
        String category = call.arg(2).toString().toLowerCase(Locale.ROOT);
        if (!CommandSpec.ACL_CATEGORIES.contains(category)) {
            throw new CommandException("ERR Unknown category '" + call.arg(2) + "'");
        }
        List<String> names = new ArrayList<>();
        addNames(category, call.engine().commands().declared(), names);
        call.reply().array(names.size());
        names.forEach(call.reply()::bulk);
    }

    private static void addNames(String category, Collection<CommandSpec> commands, List<String> names) {
        for (CommandSpec command : commands) {
            if (command.aclCategories().contains(category)) {
                names.add(command.fullName());
            }
            addNames(category, command.subcommands().values(), names);
        }
    }

    /** Valkey's answer to a subcommand with more words than it takes. */
    private static void checkCount(Call call, int most) {
        if (call.argCount() > most) {
            throw Help.wrongWords(call);
        }
    }

    private static void deleteUsers(Call call) {
        for (int i = 2; i < call.argCount(); i++) {
            if (Acl.text(call.arg(i)).equals("default")) {
                throw new CommandException("ERR The 'default' user cannot be removed");
            }
        }
        long deleted = 0;
        for (int i = 2; i < call.argCount(); i++) {
            deleted += acl(call).deleteUser(call.arg(i), disconnecting(call)) ? 1 : 0;
        }
        call.reply().integer(deleted);
    }

    private static AclUser user(Call call, Slice name) {
        AclUser user = acl(call).user(name);
        if (user == null) {
            throw new CommandException("ERR User '" + name + "' not found");
        }
        return user;
    }

    private static void dryRun(Call call) {
        AclUser user = user(call, call.arg(2));
        Args args = new Args();
        for (int i = 3; i < call.argCount(); i++) {
            Slice word = call.arg(i);
            args.add(word.array(), word.offset(), word.length());
        }
        CommandSpec command = call.engine().commands().find(args.get(0));
        if (command != null && command.isContainer() && args.count() > 1) {
            command = call.engine().commands().find(command, args.get(1));
        }
        if (command == null) {
            throw new CommandException("ERR Command '" + args.get(0) + "' not found");
        }
        if (!command.acceptsCount(args.count())) {
            throw CommandException.arity(command.fullName());
        }
        AclDenial denial = acl(call).check(user, command, args, call.database());
        if (denial == null) {
            call.reply().ok();
        } else {
            call.reply().bulk(denial.message(user, command, args, true));
        }
    }

    private static void generatePassword(Call call) {
        checkCount(call, 3);
        long bits = call.argCount() == 2 ? 256 : call.longArg(2);
        if (bits <= 0 || bits > MOST_PASSWORD_BITS) {
            throw new CommandException("ERR ACL GENPASS argument must be the number of bits for the output password, a"
                    + " positive number up to " + MOST_PASSWORD_BITS);
        }
        int digits = (int) (bits + 3) / 4;
        byte[] bytes = new byte[(digits + 1) / 2];
        new SecureRandom().nextBytes(bytes);
        call.reply().bulk(HexFormat.of().formatHex(bytes).substring(0, digits));
    }

    private static void getUser(Call call) {
        AclUser user = acl(call).user(call.arg(2));
        Reply reply = call.reply();
        if (user == null) {
            reply.nil();
            return;
        }
        List<List<String>> selectors = user.selectors();
        reply.map(7);
        reply.bulk("flags");
        reply.set(user.flags().size());
        user.flags().forEach(reply::bulk);
        reply.bulk("passwords");
        reply.array(user.passwords().size());
        user.passwords().forEach(reply::bulk);
        selector(reply, selectors.getFirst());
        reply.bulk("selectors");
        reply.array(selectors.size() - 1);
        for (List<String> selector : selectors.subList(1, selectors.size())) {
            reply.map(4);
            selector(reply, selector);
        }
    }

    private static void selector(Reply reply, List<String> rules) {
        List<String> fields = List.of("commands", "keys", "channels", "databases");
        for (int i = 0; i < fields.size(); i++) {
            reply.bulk(fields.get(i));
            reply.bulk(Acl.bytes(rules.get(i)));
        }
    }

    private static void list(Call call) {
        List<String> lines = acl(call).lines();
        call.reply().array(lines.size());
        lines.forEach(line -> call.reply().bulk(Acl.bytes(line)));
    }

    private static void users(Call call) {
        Collection<AclUser> users = acl(call).users();
        int mark = call.reply().beginArray();
        long count = 0;
        for (AclUser user : users) {
            call.reply().bulk(Acl.bytes(user.name()));
            count++;
        }
        call.reply().endArray(mark, count);
    }

    private static AclFile file(Call call) {
        AclFile file = call.engine().aclFile();
        if (!file.isConfigured()) {
            throw new CommandException("ERR This instance is not configured to use an ACL file. You may want to specify"
                    + " users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a"
                    + " configuration file set) in order to store users in the configuration.");
        }
        return file;
    }

    private static void load(Call call) {
        try {
            file(call).load(disconnecting(call));
        } catch (AclRuleException e) {
            throw new CommandException("ERR " + e.getMessage());
        }
        call.reply().ok();
    }

    private static void save(Call call) {
        try {
            file(call).save();
        } catch (IOException e) {
            LOG.warn("ACL SAVE failed: {}", e.toString());
            throw new CommandException("ERR There was an error trying to save the ACLs. Please check the server logs"
                    + " for more information");
        }
        call.reply().ok();
    }

    private static void setUser(Call call) {
        String name = Acl.text(call.arg(2));
        if (Acl.hasSpaces(name)) {
            throw new CommandException("ERR Usernames can't contain spaces or null characters");
        }
        List<String> rules = new ArrayList<>();
        for (int i = 3; i < call.argCount(); i++) {
            rules.add(Acl.text(call.arg(i)));
        }
        try {
            acl(call).setUser(name, rules, disconnecting(call));
        } catch (AclRuleException e) {
            throw new CommandException("ERR " + e.getMessage());
        }
        call.reply().ok();
    }

    private static void log(Call call) {
        checkCount(call, 3);
        AclLog log = acl(call).log();
        if (call.argCount() == 3 && call.arg(2).isWord("RESET")) {
            log.clear();
            call.reply().ok();
            return;
        }
        long count = call.argCount() == 3 ? Math.max(0, call.longArg(2)) : 10;
        List<AclLog.Entry> entries = log.latest(count);
        Reply reply = call.reply();
        reply.array(entries.size());
        for (AclLog.Entry entry : entries) {
            reply.map(10);
            reply.bulk("count");
            reply.integer(entry.count());
            reply.bulk("reason");
            reply.bulk(entry.reason().shown());
            reply.bulk("context");
            reply.bulk(entry.context().shown());
            reply.bulk("object");
            reply.bulk(Acl.bytes(entry.object()));
            reply.bulk("username");
            reply.bulk(Acl.bytes(entry.user()));
            reply.bulk("age-seconds");
            reply.real((call.now() - entry.updatedMillis()) / 1000.0);
            reply.bulk("client-info");
            reply.bulk(entry.clientInfo());
            reply.bulk("entry-id");
            reply.integer(entry.id());
            reply.bulk("timestamp-created");
            reply.integer(entry.createdMillis());
            reply.bulk("timestamp-last-updated");
            reply.integer(entry.updatedMillis());
        }
    }
}
