package dev.holdfast.engine;

/**
 * Code of an application that runs inside a server's process, on the same store and without a socket: a worker for its jobs, a
 * scheduler, whatever a {@code Toolkit.over(store)} can do.
 *
 * <pre>{@code
 * public final class Mailer implements Extension {
 *     @Override
 *     public AutoCloseable start(Holdfast store) {
 *         Toolkit toolkit = Toolkit.over(store);
 *         toolkit.jobs("mail").build().worker().handle("send", Mail.class, job -> send(job.payload())).start();
 *         return toolkit;
 *     }
 * }
 * }</pre>
 *
 * <p>The server finds extensions by {@link java.util.ServiceLoader} in the jars of its {@code extension-dir}: each jar names its own in
 * {@code META-INF/services/dev.holdfast.engine.Extension}. The engine and the toolkit are there and need not be in the jar.
 */
public interface Extension {
    /**
     * Begins, when the data has been loaded and before the server says that it is ready.
     *
     * @param store the server's store; closing it ends its calls, not the server
     * @return what ends the extension; the server closes it before the store, the last that was started first
     * @throws Exception if it cannot start; then the server does not either
     */
    AutoCloseable start(Holdfast store) throws Exception;
}
