package dev.holdfast.conformance.random;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.RealServer;
import java.util.List;

/**
 * Where a real server older than Valkey 9.1 answers differently, and we do as 9.1 does; and the few places where we differ from
 * 9.1 itself, which {@code docs/differences.md} explains.
 */
final class KnownDifferences {
    private static final int FIELD_EXPIRY = 900;

    private final int version;

    KnownDifferences(RealServer real) {
        this.version = real.version();
    }

    boolean hasFieldExpiry() {
        return version >= FIELD_EXPIRY;
    }

    /** Whether a difference is one of these. */
    boolean explain(List<String> command, Answer ours, Answer real) {
        return false;
    }
}
