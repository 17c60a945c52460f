package dev.holdfast.engine.core;

import java.io.IOException;

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

    /** Whether this process stops once it has sent a snapshot, and before it asks for the stream beside one. */
    private volatile boolean stoppingForSnapshots;

    /** For how long a snapshot's connection that has ended holds its place in the backlog. */
    private volatile long snapshotGraceSeconds = 60;

    DebugSettings() {}

    public boolean isStoppingForSnapshots() {
        return stoppingForSnapshots;
    }

    public void setStoppingForSnapshots(boolean stopping) {
        stoppingForSnapshots = stopping;
    }

    /** Stops this process until SIGCONT. */
    public static void stopProcess() throws IOException {
        try {
            new ProcessBuilder(
                            "kill",
                            "-STOP",
                            Long.toString(ProcessHandle.current().pid()))
                    .start()
                    .waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public long snapshotGraceSeconds() {
        return snapshotGraceSeconds;
    }

    public void setSnapshotGraceSeconds(long seconds) {
        snapshotGraceSeconds = seconds;
    }

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
