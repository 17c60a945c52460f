package dev.holdfast.app.cli;

import dev.holdfast.toolkit.store.StoreUri;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which store a command is about. */
final class StoreOption {
    @Option(
            names = "--uri",
            description =
                    "the store, such as redis://localhost:6379/0, rediss://…, redis-sentinel://host:26379/0#primary or"
                            + " redis-cluster://host; unless given, the one that HOLDFAST_URI, VALKEY_URL, REDIS_URL, VALKEY_HOST or"
                            + " REDIS_HOST names, else the server on this machine")
    private @Nullable String uri;

    String uri() {
        String named = uri == null ? StoreUri.fromEnvironment(System.getenv()) : uri;
        return named == null ? "redis://127.0.0.1:6379" : named;
    }

    ServerSession connect() throws IOException {
        return connect(push -> {});
    }

    ServerSession connect(Consumer<Answer> pushes) throws IOException {
        return new ServerSession(ServerAddress.of(uri()), pushes);
    }
}
