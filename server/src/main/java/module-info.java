/** Serves a store over RESP: {@link dev.holdfast.server.Server}. */
module dev.holdfast.server {
    requires transitive dev.holdfast.engine;
    requires static transitive org.jspecify;
    requires java.naming;
    requires org.slf4j;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.common;
    requires io.netty.handler;
    requires transitive io.netty.transport;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.classes.io_uring;
    requires io.netty.transport.unix.common;

    exports dev.holdfast.server;
}
