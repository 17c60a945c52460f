/** Patterns of state over a store in this JVM or a remote one: {@link dev.holdfast.toolkit.Toolkit}. */
module dev.holdfast.toolkit {
    requires transitive dev.holdfast.engine;
    requires static transitive org.jspecify;
    requires org.slf4j;
    requires com.github.benmanes.caffeine;
    requires java.xml;
    // What only some uses need: see Artifact.
    requires static io.github.resilience4j.circuitbreaker;
    requires static io.github.resilience4j.core;
    requires static lettuce.core;
    requires static transitive micrometer.core;
    requires static transitive tools.jackson.databind;
    requires static java.management;
    requires static cache.api;

    exports dev.holdfast.toolkit;
    exports dev.holdfast.toolkit.cache;
    exports dev.holdfast.toolkit.codec;
    exports dev.holdfast.toolkit.cpe;
    exports dev.holdfast.toolkit.jcache;
    exports dev.holdfast.toolkit.job;
    exports dev.holdfast.toolkit.limit;
    exports dev.holdfast.toolkit.lock;
    exports dev.holdfast.toolkit.pattern;
    exports dev.holdfast.toolkit.queue;
    exports dev.holdfast.toolkit.ranking;
    exports dev.holdfast.toolkit.session;
    exports dev.holdfast.toolkit.store;
    exports dev.holdfast.toolkit.stream;
    exports dev.holdfast.toolkit.topic;

    provides javax.cache.spi.CachingProvider with
            dev.holdfast.toolkit.jcache.HoldfastCachingProvider;
}
