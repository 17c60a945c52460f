package dev.holdfast.engine.core;

/** What DEBUG switches, for tests. */
public final class DebugSettings {
    /** The size from which an element of a list lives in a block of its own, or 0 for the usual one. */
    private volatile int packedThresholdBytes;

    /** Whether the timer does no work. */
    private volatile boolean timerPaused;

    /** Whether the checksums of DUMP payloads are not looked at. */
    private volatile boolean trustingChecksums;

    /** Whether scripts may run every command, also those that are not for them. */
    private volatile boolean allowingAllInScripts;

    DebugSettings() {}

    public boolean isAllowingAllInScripts() {
        return allowingAllInScripts;
    }

    public void setAllowingAllInScripts(boolean allowing) {
        allowingAllInScripts = allowing;
    }

    public boolean isTrustingChecksums() {
        return trustingChecksums;
    }

    public void setTrustingChecksums(boolean trusting) {
        trustingChecksums = trusting;
    }

    public int packedThresholdBytes() {
        return packedThresholdBytes;
    }

    public void setPackedThresholdBytes(int bytes) {
        packedThresholdBytes = bytes;
    }

    public boolean isTimerPaused() {
        return timerPaused;
    }

    public void setTimerPaused(boolean paused) {
        timerPaused = paused;
    }
}
