package dev.holdfast.toolkit.lock;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.scripting.Step;
import dev.holdfast.engine.scripting.StepCall;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** {@code acquire.lua} in Java; see there for keys, arguments and the answer. */
final class AcquireStep implements Step {
    private static final byte[] NX = StepCall.word("NX");
    private static final byte[] GET = StepCall.word("GET");
    private static final byte[] PX = StepCall.word("PX");

    private static final long FENCE_KEPT_MILLIS = 86_400_000;

    @Override
    public List<Long> run(StepCall call) {
        return new Acquiring(call).run();
    }

    private static final class Acquiring {
        private final StepCall call;
        private final boolean alone;
        private final long places;
        private final Slice token;
        private final long lease;
        private final Slice leaseWord;
        private final long remembered;
        private final Slice owner;
        private final Slice holders;
        private final Slice fence;
        private final Slice waiting;

        Acquiring(StepCall call) {
            this.call = call;
            this.alone = call.is(0, "ALONE");
            this.places = call.number(1);
            this.token = call.argument(2);
            this.lease = call.number(3);
            this.leaseWord = call.argument(3);
            this.remembered = call.number(4);
            this.owner = call.key(0);
            this.holders = call.key(1);
            this.fence = call.key(2);
            this.waiting = call.key(3);
        }

        List<Long> run() {
            if (alone && call.callForNumber("EXISTS", holders) == 0) {
                byte[] owned = call.callForBytes("SET", owner, token, NX, GET, PX, leaseWord);
                return owned == null ? taken() : owned(owned);
            }
            byte[] owned = call.callForBytes("GET", owner);
            if (owned != null) {
                return owned(owned);
            }
            return alone ? takeFromHolders() : share();
        }

        private List<Long> owned(byte[] by) {
            if (!token.contentEquals(by)) {
                return await(call.callForNumber("PTTL", owner));
            }
            call.call("PEXPIRE", owner, leaseWord);
            byte[] number = call.callForBytes("GET", fence);
            return List.of(1L, number == null ? nextFence() : number(number));
        }

        private List<Long> takeFromHolders() {
            call.call("ZREMRANGEBYSCORE", holders, "-inf", call.millis());
            Long last = end(-1);
            if (last != null) {
                return await(last - call.millis());
            }
            call.call("SET", owner, token, PX, leaseWord);
            return taken();
        }

        private List<Long> taken() {
            if (remembered > 0) {
                byte[] first = call.callForBytes("GET", waiting);
                if (first != null && token.contentEquals(first)) {
                    call.call("DEL", waiting);
                }
            }
            return List.of(1L, nextFence());
        }

        private List<Long> share() {
            call.call("ZREMRANGEBYSCORE", holders, "-inf", call.millis());
            if (call.call("ZSCORE", holders, token) == null) {
                if (places >= 0 && call.callForNumber("ZCARD", holders) >= places) {
                    Long first = end(0);
                    return await(first == null ? lease : first - call.millis());
                }
                byte[] first = call.callForBytes("GET", waiting);
                if (first != null && first.length > 0) {
                    return List.of(0L, Math.max(1, call.callForNumber("PTTL", waiting)));
                }
            }
            call.call("ZADD", holders, call.millis() + lease, token);
            if (call.callForNumber("PTTL", holders) < lease) {
                call.call("PEXPIRE", holders, lease);
            }
            return List.of(1L, nextFence());
        }

        /** When the lease ends of the holder at a place in their order, or null. */
        private @Nullable Long end(long place) {
            List<?> pairs = (List<?>) Objects.requireNonNull(call.call("ZRANGE", holders, place, place, "WITHSCORES"));
            return pairs.isEmpty() ? null : ((Double) ((List<?>) pairs.getFirst()).getLast()).longValue();
        }

        private List<Long> await(long millis) {
            if (remembered > 0) {
                if (alone) {
                    call.call("SET", waiting, token, "PX", remembered);
                } else {
                    call.call("SET", waiting, "", "PX", remembered, "NX");
                }
            }
            return List.of(0L, Math.max(1, millis));
        }

        private long nextFence() {
            // Nearly always the time is larger, and one command does.
            long now = call.millis();
            byte[] last = call.callForBytes("SET", fence, now, PX, FENCE_KEPT_MILLIS + lease, GET);
            long next = Math.max((last == null ? 0 : number(last)) + 1, now);
            if (next > now) {
                call.call("SET", fence, next, "PX", FENCE_KEPT_MILLIS + lease);
            }
            return next;
        }

        private static long number(byte[] text) {
            return Objects.requireNonNull(StepCall.toNumber(text)).longValue();
        }
    }
}
