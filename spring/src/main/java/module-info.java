/** Holdfast in Spring Boot applications: {@link dev.holdfast.spring.HoldfastAutoConfiguration}. */
module dev.holdfast.spring {
    requires transitive dev.holdfast.toolkit;
    requires dev.holdfast.server;
    requires static transitive org.jspecify;
    requires transitive spring.boot;
    requires transitive spring.boot.autoconfigure;
    requires transitive spring.beans;
    requires transitive spring.context;
    requires spring.core;
    // What only some applications have.
    requires static transitive spring.boot.data.redis;
    requires static transitive spring.boot.health;
    requires static transitive spring.integration.core;
    requires static transitive spring.boot.session;
    requires static transitive spring.session.core;
    requires static micrometer.core;
    requires static tools.jackson.databind;

    exports dev.holdfast.spring;

    opens dev.holdfast.spring;
}
