package dev.holdfast.engine.protocol;

import dev.holdfast.engine.base.SharedBytes;

/**
 * What one client holds. Code that allocates memory for it, be it for what it sends or for what it is sent, asks here first and gives
 * back afterwards. Any thread may do so.
 */
public interface Account {
    /** For those who hold what they like: callers in this JVM, logs that are read. */
    Account UNLIMITED = new Account() {
        @Override
        public void take(long bytes) {}

        @Override
        public void give(long bytes) {}

        @Override
        public void take(SharedBytes bytes) {
            bytes.join();
        }

        @Override
        public void give(SharedBytes bytes) {
            bytes.leave();
        }
    };

    /**
     * Counts bytes that are about to be allocated.
     *
     * @throws MemoryRefusedException if the client may not hold so many; nothing is counted then
     */
    void take(long bytes);

    /** Counts bytes that are no longer held. */
    void give(long bytes);

    /**
     * Counts bytes that others may hold too.
     *
     * @throws MemoryRefusedException as above
     */
    void take(SharedBytes bytes);

    void give(SharedBytes bytes);
}
