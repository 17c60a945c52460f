package dev.holdfast.app;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.server.ConfigFile;
import dev.holdfast.toolkit.store.StoreUri;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Unmatched;

/** {@code holdfast relay}: HTTP and the relay alone, over a store elsewhere. */
@Command(
        name = "relay",
        description =
                "Serves HTTP and the relay over a store elsewhere: Holdfast or Valkey, behind Sentinel or as a cluster.",
        footer =
                "Further options are directives of the configuration, or its file before them: --http-port 8080 --relay-retention 3600",
        mixinStandardHelpOptions = true)
final class RelayCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(RelayCommand.class);

    @Option(
            names = "--uri",
            description =
                    "the store, such as redis://localhost:6379, or embedded: for one that ends with the relay; unless given,"
                            + " the one that PULSAR_VALKEY_HOST, HOLDFAST_URI, VALKEY_URL, REDIS_URL, VALKEY_HOST or"
                            + " REDIS_HOST names, or none where STORAGE_BACKEND is memory")
    private @Nullable String uri;

    /** Directives of the configuration, or its file before them. */
    @Unmatched
    private List<String> directives = new ArrayList<>();

    @Override
    public Integer call() throws IOException, InterruptedException {
        RelayEnvironment environment = new RelayEnvironment(System.getenv());
        String store = uri == null ? environment.store() : uri;
        if (store == null) {
            throw new IOException("name the store with --uri, or in the environment as HOLDFAST_URI");
        }
        Config config = new Config();
        try {
            config.set("relay", "yes");
            ConfigFile.apply(config, directives, System.in);
            environment.applyLogLevel(config);
        } catch (ConfigException e) {
            throw new IOException(e.getMessage(), e);
        }
        ProgramLog.setUp(config.program);
        CountDownLatch end = new CountDownLatch(1);
        Signals.handle("TERM", end::countDown);
        Signals.handle("INT", end::countDown);
        try (HttpPorts ports = HttpPorts.open(config, store)) {
            ports.loaded();
            LOG.info("The relay serves {}", StoreUri.withoutPassword(store));
            end.await();
        } catch (RuntimeException e) {
            throw new IOException("the relay does not start: " + Reason.of(e), e);
        }
        return 0;
    }
}
