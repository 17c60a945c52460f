package dev.holdfast.engine.persistence;

/** Lets one snapshot be written at a time: it would cost twice the memory, and the disk serves neither well. */
public final class BackgroundGate {
    /** What is being written. */
    public enum Work {
        NONE,
        RDB_SAVE,
        AOF_REWRITE,
        /** A snapshot for replicas. */
        REPLICATION
    }

    private Work present = Work.NONE;
    private long begun;

    /** Begins some work, unless something is under way already. */
    public synchronized boolean enter(Work work) {
        if (present != Work.NONE) {
            return false;
        }
        present = work;
        begun++;
        return true;
    }

    /** Ends the work that is under way. */
    public synchronized void leave() {
        present = Work.NONE;
    }

    public synchronized Work present() {
        return present;
    }

    /** How many snapshots have been begun. */
    public synchronized long begun() {
        return begun;
    }

    public boolean isBusy() {
        return present() != Work.NONE;
    }
}
