package dev.holdfast.toolkit.jcache;

import dev.holdfast.toolkit.store.StoreUri;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.WeakHashMap;
import javax.cache.CacheManager;
import javax.cache.configuration.OptionalFeature;
import javax.cache.spi.CachingProvider;
import org.jspecify.annotations.Nullable;

/**
 * The provider. A manager's URI is that of its store, {@code redis://host} for instance (see {@link StoreUri}); the default URI
 * stands for what the property {@value #STORE} names, among the manager's properties or the system's, else for a new store in this
 * JVM.
 */
@SuppressWarnings("exports") // The API is there where it is used.
public final class HoldfastCachingProvider implements CachingProvider {
    /** The property that names the store of the default URI. */
    public static final String STORE = "dev.holdfast.jcache.store";

    private static final URI DEFAULT = URI.create("holdfast:default");

    private final WeakHashMap<ClassLoader, Map<URI, JCaches>> managers = new WeakHashMap<>();

    /** Called by the {@link java.util.ServiceLoader}. */
    public HoldfastCachingProvider() {}

    @Override
    public synchronized CacheManager getCacheManager(
            @Nullable URI uri, @Nullable ClassLoader loader, @Nullable Properties properties) {
        URI chosen = uri == null ? DEFAULT : uri;
        ClassLoader classes = loader == null ? getDefaultClassLoader() : loader;
        Map<URI, JCaches> ofLoader = managers.computeIfAbsent(classes, ignored -> new HashMap<>());
        JCaches manager = ofLoader.get(chosen);
        if (manager == null || manager.isClosed()) {
            Properties given = properties == null ? new Properties() : properties;
            manager = new JCaches(this, chosen, classes, given, StoreUri.open(storeUri(chosen, given)));
            ofLoader.put(chosen, manager);
        }
        return manager;
    }

    private static String storeUri(URI uri, Properties properties) {
        return StoreUri.isOne(uri.toString())
                ? uri.toString()
                : properties.getProperty(STORE, System.getProperty(STORE, "embedded:"));
    }

    @Override
    public ClassLoader getDefaultClassLoader() {
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return context == null ? Objects.requireNonNull(HoldfastCachingProvider.class.getClassLoader()) : context;
    }

    @Override
    public URI getDefaultURI() {
        return DEFAULT;
    }

    @Override
    public Properties getDefaultProperties() {
        return new Properties();
    }

    @Override
    public CacheManager getCacheManager(@Nullable URI uri, @Nullable ClassLoader loader) {
        return getCacheManager(uri, loader, getDefaultProperties());
    }

    @Override
    public CacheManager getCacheManager() {
        return getCacheManager(null, null, null);
    }

    @Override
    public void close() {
        List<JCaches> all = new ArrayList<>();
        synchronized (this) {
            managers.values().forEach(ofLoader -> all.addAll(ofLoader.values()));
            managers.clear();
        }
        all.forEach(JCaches::close);
    }

    @Override
    public void close(@Nullable ClassLoader loader) {
        Map<URI, JCaches> ofLoader;
        synchronized (this) {
            ofLoader = managers.remove(loader == null ? getDefaultClassLoader() : loader);
        }
        if (ofLoader != null) {
            ofLoader.values().forEach(JCaches::close);
        }
    }

    @Override
    public void close(@Nullable URI uri, @Nullable ClassLoader loader) {
        JCaches manager = null;
        synchronized (this) {
            Map<URI, JCaches> ofLoader = managers.get(loader == null ? getDefaultClassLoader() : loader);
            if (ofLoader != null) {
                manager = ofLoader.remove(uri == null ? DEFAULT : uri);
            }
        }
        if (manager != null) {
            manager.close();
        }
    }

    /** Forgets a manager that has closed itself. */
    synchronized void closed(JCaches manager) {
        managers.values().forEach(ofLoader -> ofLoader.values().remove(manager));
    }

    @Override
    public boolean isSupported(OptionalFeature feature) {
        return false;
    }
}
