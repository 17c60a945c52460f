package dev.holdfast.app.cli;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code holdfast ping}: whether a store answers, for scripts and health checks. */
@Command(
        name = "ping",
        description = "Asks a store whether it answers. Ends with 0 if it does and is ready, else with 1.",
        mixinStandardHelpOptions = true)
public final class PingCommand implements Callable<Integer> {
    @Mixin
    private StoreOption store = new StoreOption();

    @Override
    public Integer call() throws IOException {
        try (ServerSession session = store.connect()) {
            long begin = System.nanoTime();
            Answer answer = session.call("PING");
            double millis = (System.nanoTime() - begin) / 1e6;
            if (answer instanceof Answer.Failure(String message)) {
                throw new IOException("the server answered: " + message);
            }
            System.out.printf(Locale.ROOT, "%s from %s in %.2f ms%n", answer.asText(), session.prompt(), millis);
            return 0;
        }
    }
}
