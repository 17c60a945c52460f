package dev.holdfast.spring;

import dev.holdfast.toolkit.lock.Locks;
import java.util.concurrent.locks.Lock;
import org.springframework.integration.support.locks.LockRegistry;

/**
 * Spring Integration's locks over the toolkit's: held by a thread, reentrant, renewed as long as their holder lives. A key is known by its
 * {@link Object#toString}.
 */
public final class HoldfastLockRegistry implements LockRegistry<Lock>, AutoCloseable {
    private final Locks locks;

    /** @param locks what they are taken from; closed with the registry */
    public HoldfastLockRegistry(Locks locks) {
        this.locks = locks;
    }

    @Override
    public Lock obtain(Object key) {
        return locks.mutex(key.toString()).asLock();
    }

    @Override
    public void close() {
        locks.close();
    }
}
