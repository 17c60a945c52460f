package dev.holdfast.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How scripts and the steps of the toolkit scale: a table of their throughput on one thread, on two, and so on. */
@Command(
        name = "threads",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures scripts and the toolkit's steps in the same JVM on more and more threads.")
public final class ByThreads implements Callable<Integer> {
    private static final int ITERATIONS = 3;

    @Option(
            names = "--threads",
            split = ",",
            description = "The numbers of threads; by default the powers of two up to the number of processors.")
    private List<Integer> threads = powersOfTwo();

    @Option(
            names = "--include",
            description = "Which benchmarks, as a regular expression; ${DEFAULT-VALUE} by default.")
    private String include = "ScriptBenchmark|ToolkitBenchmark";

    @Option(
            names = "--seconds",
            description = "How long each of " + ITERATIONS + " rounds takes, after as many that do not count;"
                    + " ${DEFAULT-VALUE} by default.")
    private int seconds = 2;

    /** By the name of a benchmark, what it did in a second on each number of threads. */
    private final Map<String, List<Double>> rows = new LinkedHashMap<>();

    public static void main(String[] arguments) {
        Tool.run(new ByThreads(), arguments);
    }

    private static List<Integer> powersOfTwo() {
        List<Integer> powers = new ArrayList<>();
        for (int power = 1; power <= Runtime.getRuntime().availableProcessors(); power *= 2) {
            powers.add(power);
        }
        return powers;
    }

    @Override
    public Integer call() throws RunnerException {
        for (int count : threads) {
            measure(count);
        }
        StringBuilder head = new StringBuilder("| operations a second |");
        StringBuilder line = new StringBuilder("|---|");
        for (int count : threads) {
            head.append(' ').append(count).append(count == 1 ? " thread |" : " threads |");
            line.append("--:|");
        }
        System.out.println(head);
        System.out.println(line);
        rows.forEach((name, figures) -> System.out.println("| " + name + " |" + cells(figures)));
        return 0;
    }

    private void measure(int count) throws RunnerException {
        TimeValue time = TimeValue.seconds(seconds);
        Options options = new OptionsBuilder()
                .include(include)
                .threads(count)
                .forks(1)
                .warmupIterations(ITERATIONS)
                .warmupTime(time)
                .measurementIterations(ITERATIONS)
                .measurementTime(time)
                .verbosity(VerboseMode.SILENT)
                .build();
        for (RunResult result : new Runner(options).run()) {
            rows.computeIfAbsent(name(result.getParams()), name -> new ArrayList<>())
                    .add(result.getPrimaryResult().getScore());
        }
    }

    private static String name(BenchmarkParams params) {
        String benchmark = params.getBenchmark();
        String name = benchmark.substring(benchmark.lastIndexOf('.') + 1);
        String promise = params.getParamsKeys().contains("promise") ? params.getParam("promise") : "";
        return promise.isEmpty() ? name : name + ", declared keys";
    }

    /** The figures, and from the second on how many times the first they are. */
    private static String cells(List<Double> figures) {
        StringBuilder cells = new StringBuilder();
        for (double figure : figures) {
            cells.append(String.format(Locale.ROOT, " %,.0f", figure));
            if (cells.indexOf("|") >= 0) {
                cells.append(String.format(Locale.ROOT, " (%.2f ×)", figure / figures.getFirst()));
            }
            cells.append(" |");
        }
        return cells.toString();
    }
}
