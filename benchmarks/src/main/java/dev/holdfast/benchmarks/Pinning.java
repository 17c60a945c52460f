package dev.holdfast.benchmarks;

import java.io.IOException;
import java.util.List;

/** Which cores a server and its client may use. */
enum Pinning {
    /** The server on the first core, the client on the second. */
    PINNED("server on one core, client on the other", "0", "1"),
    /** Both wherever the system puts them. */
    UNPINNED("not pinned", allCores(), allCores());

    private static final long SECONDS = 20;

    final String description;
    final String serverCores;
    final String clientCores;

    Pinning(String description, String serverCores, String clientCores) {
        this.description = description;
        this.serverCores = serverCores;
        this.clientCores = clientCores;
    }

    List<String> onServerCores() {
        return List.of("taskset", "-c", serverCores);
    }

    List<String> onClientCores() {
        return List.of("taskset", "-c", clientCores);
    }

    /** Puts the threads of this process where clients belong. */
    void pinThisClient() throws IOException, InterruptedException {
        String self = Long.toString(ProcessHandle.current().pid());
        Children.output(SECONDS, "taskset", "-acp", clientCores, self);
    }

    private static String allCores() {
        return "0-" + (Runtime.getRuntime().availableProcessors() - 1);
    }
}
