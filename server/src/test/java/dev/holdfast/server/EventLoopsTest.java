package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which event loops new connections go to when their number changes. */
final class EventLoopsTest {
    private final EventLoops loops = new EventLoops(Transport.NIO, 1);
    private final List<Channel> channels = new ArrayList<>();

    private Set<EventLoop> registerSix() {
        Set<EventLoop> used = new HashSet<>();
        for (int i = 0; i < 6; i++) {
            Channel channel = new NioSocketChannel();
            channels.add(channel);
            loops.register(channel).syncUninterruptibly();
            used.add(channel.eventLoop());
        }
        return used;
    }

    @AfterEach
    void end() {
        channels.forEach(channel -> channel.close().syncUninterruptibly());
        loops.end(1);
    }

    @Test
    void asManyAsAskedForTakeNewConnections() {
        Set<EventLoop> first = registerSix();
        assertEquals(1, first.size());
        loops.setTaking(3);
        Set<EventLoop> three = registerSix();
        assertEquals(3, three.size());
        loops.setTaking(1);
        assertEquals(first, registerSix());
        loops.setTaking(3);
        assertEquals(three, registerSix());
    }
}
