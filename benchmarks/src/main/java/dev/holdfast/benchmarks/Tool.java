package dev.holdfast.benchmarks;

import java.util.concurrent.Callable;
import picocli.CommandLine;

/** How each tool's {@code main} runs: options read, and what fails said in a line instead of a stack trace. */
final class Tool {
    private Tool() {}

    static void run(Callable<Integer> tool, String[] arguments) {
        CommandLine line = new CommandLine(tool).setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((failure, commandLine, parsed) -> {
            System.err.println(commandLine.getCommandName() + ": " + failure);
            return 1;
        });
        System.exit(line.execute(arguments));
    }
}
