package dev.holdfast.app;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code holdfast compare}: whether two servers hold the same, key by key. */
@Command(
        name = "compare",
        description =
                "Compares every key of two servers: its type, value and expiry. Ends with 0 if all are the same, else with 1.",
        footer = {
            "A key that differs is looked at again for some seconds, so that a change on its way to a replica is no difference.",
            "One value of each server is held in memory at a time. URIs are those of the toolkit: redis://user:password@host:port,",
            "rediss:// with TLS, ?timeout=60s for values that take long to read."
        },
        mixinStandardHelpOptions = true)
final class CompareCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "URI", description = "the first server")
    private String first = "";

    @Parameters(index = "1", paramLabel = "URI", description = "the second server")
    private String second = "";

    @Option(names = "--show", description = "how many keys that differ are named (${DEFAULT-VALUE})")
    private int show = 20;

    @Override
    public Integer call() throws Exception {
        try (StoreServer one = new StoreServer(first);
                StoreServer other = new StoreServer(second)) {
            KeyComparison comparison = new KeyComparison(one, other);
            comparison.run(System.out);
            comparison.lookAgain();
            return comparison.report(System.out, show) ? 0 : FileCommands.FAILED;
        }
    }
}
