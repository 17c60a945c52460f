package dev.holdfast.app;

import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signals of the operating system. By itself the JVM ends at SIGTERM and SIGINT, and cannot be kept from it any more when its
 * shutdown hooks run. What handles them is {@code sun.misc.Signal}, which is there in all JDKs; it is reached by reflection because
 * naming it is a warning that cannot be suppressed.
 */
final class Signals {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

    private Signals() {}

    /** Runs an action, in a thread of its own, each time that a signal such as TERM comes; instead of what the JVM would do. */
    static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object handles = Proxy.newProxyInstance(
                    handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        action.run();
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), handles);
        } catch (ReflectiveOperationException e) {
            LOG.debug("The JVM ends by itself at SIG{}", name, e);
        }
    }
}
