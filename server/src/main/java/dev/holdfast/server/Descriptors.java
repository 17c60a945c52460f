package dev.holdfast.server;

import io.netty.channel.Channel;
import io.netty.channel.nio.AbstractNioChannel;
import io.netty.channel.unix.UnixChannel;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Method;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * File descriptors of sockets, and what the system says of them by {@code poll(2)}.
 *
 * <p>A {@code struct pollfd}:
 *
 * <pre>
 *   0      4        6         8
 *   +------+--------+---------+
 *   |  fd  | events | revents |
 *   +------+--------+---------+
 * </pre>
 *
 * <p>The JDK's own channels, those of the transport {@code nio}, show their descriptor only to a program whose manifest opens
 * {@code sun.nio.ch}, as Holdfast's does. Elsewhere, and on systems without {@code poll}, an end is noticed only when it is read.
 */
final class Descriptors {
    private static final Logger LOG = LoggerFactory.getLogger(Descriptors.class);

    private static final int UNKNOWN = -1;

    private static final boolean LINUX =
            System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
    private static final short POLLIN = 0x1;
    private static final short POLLERR = 0x8;
    private static final short POLLHUP = 0x10;
    private static final short POLLNVAL = 0x20;

    /** The peer will send no more. Only Linux knows it; others say {@code POLLHUP} to those who ask to read. */
    private static final short POLLRDHUP = 0x2000;

    private static final short ASKED = LINUX ? POLLRDHUP : POLLIN;
    private static final int ENDED = POLLERR | POLLHUP | POLLNVAL | (LINUX ? POLLRDHUP : 0);

    private static final @Nullable MethodHandle POLL = findPoll();
    private static final @Nullable Method NIO_CHANNEL = findNioChannel();
    private static final @Nullable Method NIO_DESCRIPTOR = findNioDescriptor();

    private Descriptors() {}

    /** Finds the system's calls, which takes a while the first time. */
    static void prepare() {
        LOG.trace("Ends of connections are {}", POLL == null ? "noticed when they are read" : "asked for");
    }

    @SuppressWarnings("restricted") // the manifest and the flags of the program allow calls of the system
    private static @Nullable MethodHandle findPoll() {
        try {
            Linker linker = Linker.nativeLinker();
            FunctionDescriptor type = FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
            return linker.defaultLookup()
                    .find("poll")
                    .map(poll -> linker.downcallHandle(poll, type, Linker.Option.critical(true)))
                    .orElse(null);
        } catch (IllegalCallerException | UnsupportedOperationException e) {
            LOG.debug("Calls of the system are not allowed", e);
            return null;
        }
    }

    private static @Nullable Method findNioChannel() {
        try {
            Method method = AbstractNioChannel.class.getDeclaredMethod("javaChannel");
            method.setAccessible(true);
            return method;
        } catch (ReflectiveOperationException | RuntimeException e) {
            return null;
        }
    }

    private static @Nullable Method findNioDescriptor() {
        try {
            return Class.forName("sun.nio.ch.SelChImpl").getMethod("getFDVal");
        } catch (ReflectiveOperationException e) {
            return null;
        }
    }

    /** The descriptor of a socket, or -1 where it has none or does not show it. */
    static int of(Channel channel) {
        if (channel instanceof UnixChannel unix) {
            return unix.fd().intValue();
        }
        if (channel instanceof AbstractNioChannel && NIO_CHANNEL != null && NIO_DESCRIPTOR != null) {
            try {
                return (int) NIO_DESCRIPTOR.invoke(NIO_CHANNEL.invoke(channel));
            } catch (ReflectiveOperationException e) {
                return UNKNOWN;
            }
        }
        return UNKNOWN;
    }

    /** Whether the peer of a socket has closed its end, or its half, whatever it has sent before that is still unread. */
    static boolean hasHungUp(int descriptor) {
        MethodHandle poll = POLL;
        if (poll == null || descriptor == UNKNOWN) {
            return false;
        }
        MemorySegment request = MemorySegment.ofArray(new int[2]);
        request.set(ValueLayout.JAVA_INT, 0, descriptor);
        request.set(ValueLayout.JAVA_SHORT, 4, ASKED);
        try {
            int ready = (int) poll.invokeExact(request, 1L, 0);
            return ready > 0 && (request.get(ValueLayout.JAVA_SHORT, 6) & ENDED) != 0;
        } catch (Throwable e) {
            throw new IllegalStateException("poll failed", e);
        }
    }
}
