package dev.holdfast.app;

import dev.holdfast.app.Handover.Step;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code holdfast handover}: one server takes the place of another while clients write. */
@Command(
        name = "handover",
        description =
                "Lets one server take the place of another while clients write: nothing that was acknowledged is lost.",
        footer = {
            "Steps: check, follow (the new server becomes a replica of the old one), verify (every key is compared), exchange (FAILOVER),",
            "confirm. A step that fails ends with a sentence and undoes what was done; until the exchange the old server serves all the time.",
            "Afterwards the old server is a replica of the new one, and clients that write to it are answered READONLY: point them to the new",
            "one. The way back is the same command with the URIs exchanged."
        },
        mixinStandardHelpOptions = true)
final class HandoverCommand implements Callable<Integer> {
    @Option(names = "--from", paramLabel = "URI", required = true, description = "the server that serves now")
    private String from = "";

    @Option(names = "--to", paramLabel = "URI", required = true, description = "the one that is to take its place")
    private String to = "";

    @Option(
            names = "--from-address",
            paramLabel = "HOST:PORT",
            description = "where the new server reaches the old one, if that is not the address in --from")
    private @Nullable String address;

    @Option(
            names = "--until",
            description =
                    "the last step to take: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE}); later the command goes on from there")
    private Step until = Step.CONFIRM;

    @Option(names = "--replace", description = "take a new server that holds keys; they are lost")
    private boolean replace;

    @Option(
            names = "--patience",
            paramLabel = "SECONDS",
            description = "how long the new server may take to receive everything (${DEFAULT-VALUE})")
    private int patience = 3600;

    @Option(
            names = "--longest-pause",
            paramLabel = "SECONDS",
            description =
                    "for how long writes may wait in the exchange; if the new server has not caught up by then the exchange is"
                            + " given up (${DEFAULT-VALUE})")
    private int longestPause = 10;

    @Override
    public Integer call() throws Exception {
        try (StoreServer source = new StoreServer(from);
                StoreServer target = new StoreServer(to)) {
            Handover handover = new Handover(
                    source,
                    target,
                    address == null ? source.host() + ":" + source.port() : address,
                    new Handover.Limits(replace, patience, longestPause),
                    System.out);
            return handover.run(until) ? 0 : FileCommands.FAILED;
        }
    }
}
