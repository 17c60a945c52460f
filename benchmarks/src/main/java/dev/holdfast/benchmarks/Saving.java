package dev.holdfast.benchmarks;

import java.io.IOException;

/** What a server can write in the background: a snapshot, or its append-only file anew. */
enum Saving {
    BGSAVE("rdb_bgsave_in_progress", "rdb_last_bgsave_status"),
    BGREWRITEAOF("aof_rewrite_in_progress", "aof_last_bgrewrite_status");

    private static final int POLL_MILLIS = 10;

    private final String inProgress;
    private final String status;

    Saving(String inProgress, String status) {
        this.inProgress = inProgress;
        this.status = status;
    }

    /** Asks for it, waits for its end, and returns the seconds that it took. */
    double run(RespConnection control) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        control.call(name());
        awaitEnd(control);
        return (System.nanoTime() - begin) / 1e9;
    }

    void awaitEnd(RespConnection control) throws IOException, InterruptedException {
        while (control.infoField(inProgress).equals("1")) {
            Thread.sleep(POLL_MILLIS);
        }
        if (!control.infoField(status).equals("ok")) {
            throw new IOException(this + " failed");
        }
    }

    /** Does it again and again until what is returned is closed. */
    Repeated repeatedOn(ServerProcess server) {
        return new Repeated(this, server);
    }

    static final class Repeated implements AutoCloseable {
        private final Thread thread;
        private volatile boolean ended;

        private Repeated(Saving saving, ServerProcess server) {
            thread = Thread.ofPlatform().start(() -> {
                try (RespConnection control = server.connect()) {
                    while (!ended) {
                        saving.run(control);
                    }
                } catch (IOException | InterruptedException e) {
                    System.err.println("persistence: " + e);
                }
            });
        }

        @Override
        public void close() throws IOException {
            ended = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }
}
