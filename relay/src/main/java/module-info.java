/** HTTP over a store: the relay, health, metrics, and the requests of CPE guessers. */
module dev.holdfast.relay {
    requires transitive dev.holdfast.server;
    requires transitive dev.holdfast.toolkit;
    requires static transitive org.jspecify;
    requires transitive micrometer.core;
    requires transitive tools.jackson.databind;
    requires org.slf4j;
    requires com.nimbusds.jose.jwt;
    requires password4j;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires io.netty.common;
    requires io.netty.handler;

    // The scripts beside its classes.
    opens dev.holdfast.relay.topic to
            dev.holdfast.toolkit;

    exports dev.holdfast.relay;
    exports dev.holdfast.relay.auth;
    exports dev.holdfast.relay.console;
    exports dev.holdfast.relay.http;
    exports dev.holdfast.relay.topic;
}
