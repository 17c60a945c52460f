package dev.holdfast.toolkit.jcache;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import javax.cache.Cache;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.configuration.Factory;
import javax.cache.event.CacheEntryCreatedListener;
import javax.cache.event.CacheEntryEvent;
import javax.cache.event.CacheEntryEventFilter;
import javax.cache.event.CacheEntryExpiredListener;
import javax.cache.event.CacheEntryListener;
import javax.cache.event.CacheEntryListenerException;
import javax.cache.event.CacheEntryRemovedListener;
import javax.cache.event.CacheEntryUpdatedListener;
import javax.cache.event.EventType;
import org.jspecify.annotations.Nullable;

/** Those who listen to a cache of this manager. All are called by the thread that makes the change, after it is made. */
final class Listeners<K, V> {
    private record Registration<K, V>(
            CacheEntryListenerConfiguration<K, V> configuration,
            CacheEntryListener<? super K, ? super V> listener,
            @Nullable CacheEntryEventFilter<? super K, ? super V> filter) {}

    private final Cache<K, V> cache;
    private final List<Registration<K, V>> registrations = new CopyOnWriteArrayList<>();

    Listeners(Cache<K, V> cache) {
        this.cache = cache;
    }

    void add(CacheEntryListenerConfiguration<K, V> configuration) {
        for (Registration<K, V> registration : registrations) {
            if (registration.configuration.equals(configuration)) {
                throw new IllegalArgumentException("the listener is registered already");
            }
        }
        Factory<CacheEntryEventFilter<? super K, ? super V>> filter = configuration.getCacheEntryEventFilterFactory();
        registrations.add(new Registration<>(
                configuration,
                configuration.getCacheEntryListenerFactory().create(),
                filter == null ? null : filter.create()));
    }

    void remove(CacheEntryListenerConfiguration<K, V> configuration) {
        registrations.removeIf(registration -> registration.configuration.equals(configuration));
    }

    /** Visits all listeners and filters. */
    void forEachPart(Consumer<@Nullable Object> visitor) {
        registrations.forEach(registration -> {
            visitor.accept(registration.listener);
            visitor.accept(registration.filter);
        });
    }

    /** Tells of a change. */
    void tell(EventType type, K key, @Nullable V value, @Nullable V old) {
        for (Registration<K, V> registration : registrations) {
            Event<K, V> event = new Event<>(cache, type, key, value, old);
            if (wants(registration.listener, type)
                    && (registration.filter == null || registration.filter.evaluate(event))) {
                call(registration.listener, event);
            }
        }
    }

    private static boolean wants(CacheEntryListener<?, ?> listener, EventType type) {
        return switch (type) {
            case CREATED -> listener instanceof CacheEntryCreatedListener;
            case UPDATED -> listener instanceof CacheEntryUpdatedListener;
            case REMOVED -> listener instanceof CacheEntryRemovedListener;
            case EXPIRED -> listener instanceof CacheEntryExpiredListener;
        };
    }

    @SuppressWarnings("unchecked")
    private void call(CacheEntryListener<? super K, ? super V> listener, Event<K, V> event) {
        List<CacheEntryEvent<? extends K, ? extends V>> events = List.of(event);
        try {
            switch (event.getEventType()) {
                case CREATED -> ((CacheEntryCreatedListener<K, V>) listener).onCreated(events);
                case UPDATED -> ((CacheEntryUpdatedListener<K, V>) listener).onUpdated(events);
                case REMOVED -> ((CacheEntryRemovedListener<K, V>) listener).onRemoved(events);
                case EXPIRED -> ((CacheEntryExpiredListener<K, V>) listener).onExpired(events);
            }
        } catch (CacheEntryListenerException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new CacheEntryListenerException("a listener failed", e);
        }
    }

    private static final class Event<K, V> extends CacheEntryEvent<K, V> {
        private static final long serialVersionUID = 1;

        private final transient K key;
        private final transient @Nullable V value;
        private final transient @Nullable V old;

        Event(Cache<K, V> cache, EventType type, K key, @Nullable V value, @Nullable V old) {
            super(cache, type);
            this.key = key;
            this.value = value;
            this.old = old;
        }

        @Override
        public K getKey() {
            return key;
        }

        @Override
        @SuppressWarnings("NullAway") // Absent for entries that are gone.
        public V getValue() {
            return value;
        }

        @Override
        @SuppressWarnings("NullAway")
        public V getOldValue() {
            return old;
        }

        @Override
        public boolean isOldValueAvailable() {
            return old != null;
        }

        @Override
        public <T> T unwrap(Class<T> type) {
            return Unwrap.as(type, "an event", this);
        }
    }
}
