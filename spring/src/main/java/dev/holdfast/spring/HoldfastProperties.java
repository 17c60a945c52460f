package dev.holdfast.spring;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * What an application may say under {@code holdfast}.
 *
 * <pre>
 * holdfast:
 *   uri: embedded:/var/lib/shop?maxmemory=100mb    # in memory unless set; or a store elsewhere, for the toolkit
 *   port: 6379                                     # where an embedded store listens on loopback; any free port unless set
 *   cache:
 *     ttl: 10m                                     # how long entries of Spring's caches are fresh; five minutes unless set
 *     near-size: 10000                             # how many of them each cache of this process holds; 0 for none
 *     caches:
 *       prices: {ttl: 5s}
 *   session:
 *     prefix: "session:"                           # what the keys of Spring's sessions begin with
 *   lock:
 *     lease: 30s                                   # how long after the death of its holder a lock is free
 * </pre>
 */
@ConfigurationProperties("holdfast")
public final class HoldfastProperties {
    private @Nullable String uri;
    private int port;
    private final Cache cache = new Cache();
    private final Session session = new Session();
    private final Lock lock = new Lock();

    /** Everything as it is unless set. */
    public HoldfastProperties() {}

    /** The store's URI; null for where {@code spring.data.redis} says, else for one in memory. */
    public @Nullable String getUri() {
        return uri;
    }

    public void setUri(@Nullable String uri) {
        this.uri = uri;
    }

    /** The port on which an embedded store listens on loopback; 0 for any that is free. */
    public int getPort() {
        return port;
    }

    public void setPort(int port) {
        this.port = port;
    }

    public Cache getCache() {
        return cache;
    }

    public Session getSession() {
        return session;
    }

    public Lock getLock() {
        return lock;
    }

    /** Spring's caches. */
    public static final class Cache {
        private Duration ttl = Duration.ofMinutes(5);
        private long nearSize = 10_000;
        private final Map<String, Named> caches = new HashMap<>();

        Cache() {}

        /** How long an entry is fresh. */
        public Duration getTtl() {
            return ttl;
        }

        public void setTtl(Duration ttl) {
            this.ttl = ttl;
        }

        /** How many entries each cache of this process holds at most; 0 for none. */
        public long getNearSize() {
            return nearSize;
        }

        public void setNearSize(long nearSize) {
            this.nearSize = nearSize;
        }

        /** What is different for the cache of a name. */
        public Map<String, Named> getCaches() {
            return caches;
        }
    }

    /** One of Spring's caches. */
    public static final class Named {
        private @Nullable Duration ttl;
        private @Nullable Long nearSize;

        Named() {}

        /** Null for that of all caches. */
        public @Nullable Duration getTtl() {
            return ttl;
        }

        public void setTtl(@Nullable Duration ttl) {
            this.ttl = ttl;
        }

        /** Null for that of all caches. */
        public @Nullable Long getNearSize() {
            return nearSize;
        }

        public void setNearSize(@Nullable Long nearSize) {
            this.nearSize = nearSize;
        }
    }

    /** Spring's sessions. */
    public static final class Session {
        private String prefix = "session:";

        Session() {}

        public String getPrefix() {
            return prefix;
        }

        public void setPrefix(String prefix) {
            this.prefix = prefix;
        }
    }

    /** Spring's locks. */
    public static final class Lock {
        private Duration lease = Duration.ofSeconds(30);

        Lock() {}

        public Duration getLease() {
            return lease;
        }

        public void setLease(Duration lease) {
            this.lease = lease;
        }
    }
}
