package dev.holdfast.app;

import dev.holdfast.engine.Extension;
import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.core.Engine;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The extensions in the jars of a directory, which share a class loader. */
final class Extensions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Extensions.class);

    /** What is closed at the end, the last that was started first. */
    private final Deque<AutoCloseable> running = new ArrayDeque<>();

    private Extensions() {}

    /**
     * Starts all there are, in the order of their jars' names.
     *
     * @param directory a path, or "" for no extensions
     * @throws IOException if one cannot be found or started; then none runs
     */
    static Extensions start(String directory, Engine engine) throws IOException {
        Extensions extensions = new Extensions();
        if (directory.isEmpty()) {
            return extensions;
        }
        URLClassLoader classes = new URLClassLoader(jars(Path.of(directory)), Extensions.class.getClassLoader());
        extensions.running.push(classes);
        String name = directory;
        try {
            for (ServiceLoader.Provider<Extension> found :
                    ServiceLoader.load(Extension.class, classes).stream().toList()) {
                name = found.type().getName();
                Holdfast store = Holdfast.over(engine);
                extensions.running.push(store);
                extensions.running.push(Objects.requireNonNull(found.get().start(store), "start returned null"));
                LOG.info("Extension started: {}", name);
            }
        } catch (Throwable e) {
            extensions.close();
            throw new IOException("the extension " + name + " does not start: " + Reason.of(e), e);
        }
        if (extensions.running.size() == 1) {
            extensions.close();
            throw new IOException("no jar in the extension-dir " + directory
                    + " names an extension in META-INF/services/" + Extension.class.getName());
        }
        return extensions;
    }

    private static URL[] jars(Path directory) throws IOException {
        List<Path> jars = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*.jar")) {
            found.forEach(jars::add);
        } catch (IOException e) {
            throw new IOException("the extension-dir cannot be read: " + Reason.of(e), e);
        }
        jars.sort(Comparator.naturalOrder());
        URL[] urls = new URL[jars.size()];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = jars.get(i).toUri().toURL();
        }
        return urls;
    }

    /** Whatever one throws at its end, the others are ended too. */
    @Override
    public void close() {
        while (!running.isEmpty()) {
            AutoCloseable next = running.pop();
            try {
                next.close();
            } catch (Throwable e) {
                LOG.error("An extension failed at its end: {}", next, e);
            }
        }
    }
}
