package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ADMIN;
import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandFlag.VISITS_SHARDS;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.base.Glob;
import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.config.ConfigFileRewriter;
import dev.holdfast.engine.config.Parameter;
import dev.holdfast.engine.core.Call;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** CONFIG. */
public final class ConfigCommands {
    private static final Logger LOG = LoggerFactory.getLogger(ConfigCommands.class);

    private ConfigCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(container("CONFIG")
            .in(SERVER)
            .since("2.0.0")
            .arity(-2)
            .complexity("That of the subcommand")
            .summary("Reads and changes the configuration")
            .subcommands(List.of(
                    command("GET", "parameter [parameter ...]", ConfigCommands::get)
                            .in(SERVER)
                            .since("2.0.0")
                            .arity(-3)
                            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
                            .complexity("O(N) with the number of parameters given")
                            .summary("The values of parameters, named or matching glob patterns"),
                    command("SET", "parameter value [parameter value ...]", ConfigCommands::set)
                            .in(SERVER)
                            .since("2.0.0")
                            .arity(-4)
                            .flags(ADMIN, NOSCRIPT, LOADING, STALE, VISITS_SHARDS)
                            .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                            .complexity("O(N) with the number of parameters given")
                            .summary("Changes parameters, all of them or none"),
                    command("RESETSTAT", "", ConfigCommands::resetStatistics)
                            .in(SERVER)
                            .since("2.0.0")
                            .arity(2)
                            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
                            .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                            .complexity("O(1)")
                            .summary("Sets the counters that INFO shows to zero"),
                    command("REWRITE", "", ConfigCommands::rewrite)
                            .in(SERVER)
                            .since("2.8.0")
                            .arity(2)
                            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
                            .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                            .complexity("O(1)")
                            .summary("Writes the present configuration to the file that it came from"),
                    Help.subcommand(SERVER, "5.0.0"))));

    private static void get(Call call) {
        Config config = call.config();
        Map<String, Parameter> found = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (int i = 2; i < call.argCount(); i++) {
            String name = call.arg(i).toString();
            if (name.indexOf('*') < 0 && name.indexOf('?') < 0 && name.indexOf('[') < 0) {
                Parameter parameter = config.find(name);
                if (parameter != null) {
                    found.putIfAbsent(name, parameter);
                }
                continue;
            }
            for (String each : config.names()) {
                Parameter parameter = config.find(each);
                if (parameter != null && !parameter.isHidden() && Glob.matches(name, each, true)) {
                    found.put(each, parameter);
                }
            }
        }
        call.reply().map(found.size());
        found.forEach((name, parameter) -> {
            call.reply().bulk(name);
            call.reply().bulk(parameter.text());
        });
    }

    private static void set(Call call) {
        if (call.argCount() % 2 != 0) {
            throw CommandException.syntax();
        }
        List<String> words = new ArrayList<>();
        for (int i = 2; i < call.argCount(); i++) {
            words.add(call.arg(i).toString());
        }
        Config config = call.config();
        try {
            config.change(words, call.client().mayUse(config.enableProtectedConfigs.get()));
        } catch (ConfigException e) {
            throw new CommandException("ERR " + e.getMessage());
        }
        call.reply().ok();
    }

    private static void rewrite(Call call) {
        Path file = call.engine().host().configFile();
        if (file == null) {
            throw new CommandException("ERR The server is running without a config file");
        }
        try {
            boolean inFile = call.engine().aclFile().isConfigured();
            List<String> users = inFile ? List.of() : call.engine().acl().configLines();
            ConfigFileRewriter.rewrite(file, call.config(), users);
        } catch (IOException e) {
            LOG.warn("CONFIG REWRITE failed: {}", Reason.of(e));
            throw new CommandException("ERR Rewriting config file: " + Reason.of(e));
        }
        LOG.info("CONFIG REWRITE executed with success.");
        call.reply().ok();
    }

    private static void resetStatistics(Call call) {
        call.engine().statistics().reset();
        call.reply().ok();
    }
}
