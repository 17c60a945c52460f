package dev.holdfast.toolkit.cpe;

/** Hears how far an import has come; called often, on the thread that imports. */
@FunctionalInterface
public interface CpeProgress {
    /** Hears nothing. */
    CpeProgress NONE = (bytesRead, bytes, names) -> {};

    /**
     * @param bytesRead how much of the file has been read
     * @param bytes how long the file is
     * @param names how many names have been found in it
     */
    void progress(long bytesRead, long bytes, long names);
}
