package dev.holdfast.benchmarks;

import picocli.CommandLine;

/** How each tool's {@code main} runs: a command of picocli, with what fails said in a line instead of a stack trace. */
final class Tool {
    private Tool() {}

    static void run(Object tool, String[] arguments) {
        CommandLine line = new CommandLine(tool).setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((failure, commandLine, parsed) -> {
            System.err.println(commandLine.getCommandName() + ": " + failure);
            return 1;
        });
        System.exit(line.execute(arguments));
    }
}
