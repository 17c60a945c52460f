package dev.holdfast.benchmarks;

import java.util.List;

/** Which cores a server and its client may use. */
enum Pinning {
    /** The server on the first core, the client on the second. */
    PINNED("server on one core, client on the other", "0", "1"),
    /** Both wherever the system puts them. */
    UNPINNED("not pinned", allCores(), allCores());

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

    private static String allCores() {
        return "0-" + (Runtime.getRuntime().availableProcessors() - 1);
    }
}
