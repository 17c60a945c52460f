package dev.holdfast.toolkit.lock;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.scripting.Step;
import dev.holdfast.engine.scripting.StepCall;

/** {@code release.lua} in Java; see there for keys, arguments and the answer. */
final class ReleaseStep implements Step {
    @Override
    public Long run(StepCall call) {
        Slice token = call.argument(1);
        long kept = call.number(3);
        if (call.is(0, "ALONE")) {
            if (kept > 0) {
                byte[] owned = call.callForBytes("GET", call.key(0));
                return owned == null || !token.contentEquals(owned)
                        ? 0L
                        : call.callForNumber("PEXPIRE", call.key(0), kept);
            }
            if (call.callForNumber("DELIFEQ", call.key(0), token) == 0) {
                return 0L;
            }
        } else if (kept > 0) {
            if (call.call("ZSCORE", call.key(1), token) == null) {
                return 0L;
            }
            call.call("ZADD", call.key(1), call.millis() + kept, token);
            return 1L;
        } else if (call.callForNumber("ZREM", call.key(1), token) == 0) {
            return 0L;
        }
        if (call.callForNumber("EXISTS", call.key(2)) == 1) {
            call.call("PUBLISH", call.argument(2), "");
        }
        return 1L;
    }
}
