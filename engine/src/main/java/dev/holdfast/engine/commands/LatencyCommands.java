package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ADMIN;
import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.metrics.Latency;
import dev.holdfast.engine.metrics.LatencyHistogram;
import dev.holdfast.engine.protocol.Reply;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** LATENCY: what took long, and how long commands take. */
public final class LatencyCommands {
    private static final String[] TIPS = {
        "nondeterministic_output", "request_policy:all_nodes", "response_policy:special"
    };

    private LatencyCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(container("LATENCY")
            .in(SERVER)
            .since("2.8.13")
            .arity(-2)
            .complexity("That of the subcommand")
            .summary("What took long, and how long commands take")
            .subcommands(List.of(
                    about("DOCTOR", "", 2, LatencyCommands::doctor).summary("What took long, and what might help"),
                    about("GRAPH", "event", 3, LatencyCommands::graph)
                            .summary("The times of a kind of events, drawn with letters"),
                    Help.subcommand(SERVER, "2.8.13"),
                    about("HISTOGRAM", "[command [command ...]]", -2, LatencyCommands::histogram)
                            .since("7.0.0")
                            .complexity("O(N) with the number of commands")
                            .summary("How many calls of commands took no longer than how many microseconds"),
                    about("HISTORY", "event", 3, LatencyCommands::history)
                            .summary("The latest times of a kind of events, at most 160"),
                    about("LATEST", "", 2, LatencyCommands::latest).summary("The last event of each kind"),
                    about("RESET", "[event [event ...]]", -2, LatencyCommands::reset)
                            .tips("request_policy:all_nodes", "response_policy:agg_sum")
                            .summary("Forgets events, all or those of some kinds"))));

    private static CommandSpec about(String name, String syntax, int arity, Handler handler) {
        return command(name, syntax, handler)
                .in(SERVER)
                .since("2.8.13")
                .arity(arity)
                .flags(ADMIN, NOSCRIPT, LOADING, STALE)
                .tips(TIPS)
                .complexity("O(1)");
    }

    private static void latest(Call call) {
        Map<String, Latency.Series> events = call.engine().latency().events();
        call.reply().array(events.size());
        events.forEach((event, series) -> {
            call.reply().array(6);
            call.reply().bulk(event);
            call.reply().integer(series.last().second());
            call.reply().integer(series.last().millis());
            call.reply().integer(series.worst());
            call.reply().integer(series.sum());
            call.reply().integer(series.count());
        });
    }

    private static void history(Call call) {
        Latency.Series series = call.engine().latency().events(call.arg(2).toString());
        List<Latency.Sample> samples = series == null ? List.of() : series.samples();
        call.reply().array(samples.size());
        for (Latency.Sample sample : samples) {
            call.reply().array(2);
            call.reply().integer(sample.second());
            call.reply().integer(sample.millis());
        }
    }

    private static void reset(Call call) {
        Latency latency = call.engine().latency();
        long forgotten = call.argCount() == 2 ? latency.forgetAll() : 0;
        for (int i = 2; i < call.argCount(); i++) {
            forgotten += latency.forget(call.arg(i).toString()) ? 1 : 0;
        }
        call.reply().integer(forgotten);
    }

    private static void graph(Call call) {
        String event = call.arg(2).toString();
        Latency.Series series = call.engine().latency().events(event);
        if (series == null) {
            throw new CommandException("ERR No samples available for event '" + event + "'");
        }
        text(call, LatencyReport.graph(event, series, call.now() / 1000));
    }

    private static void doctor(Call call) {
        text(call, LatencyReport.doctor(call.engine(), call.now() / 1000));
    }

    private static void text(Call call, String text) {
        call.reply().verbatim("txt", Slice.of(text).array());
    }

    private static void histogram(Call call) {
        List<CommandSpec> commands = new ArrayList<>();
        if (call.argCount() == 2) {
            addAll(call.engine().commands().commands(), commands);
        }
        for (int i = 2; i < call.argCount(); i++) {
            CommandSpec command = call.engine().commands().find(call.arg(i).toString());
            if (command != null) {
                addAll(List.of(command), commands);
            }
        }
        Reply reply = call.reply();
        int mark = reply.beginArray();
        long shown = 0;
        for (CommandSpec command : commands) {
            LatencyHistogram histogram = call.engine().statistics().latency(command);
            if (histogram.total() > 0) {
                reply.bulk(command.fullName());
                write(reply, histogram);
                shown++;
            }
        }
        reply.endMap(mark, shown);
    }

    private static void addAll(Collection<CommandSpec> commands, List<CommandSpec> to) {
        for (CommandSpec command : commands) {
            to.add(command);
            addAll(command.subcommands().values(), to);
        }
    }

    private static void write(Reply reply, LatencyHistogram histogram) {
        reply.map(2);
        reply.bulk("calls");
        reply.integer(histogram.total());
        reply.bulk("histogram_usec");
        int mark = reply.beginArray();
        long[] steps = {0};
        histogram.forEachStep((micros, calls) -> {
            reply.integer(micros);
            reply.integer(calls);
            steps[0]++;
        });
        reply.endMap(mark, steps[0]);
    }
}
