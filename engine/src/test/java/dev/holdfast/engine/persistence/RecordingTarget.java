package dev.holdfast.engine.persistence;

import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import java.io.IOException;

/** Compares what a snapshot saves with what the keyspace held at the moment. Tests override {@link #writing}. */
class RecordingTarget implements SnapshotTarget {
    private final Keyspace keyspace;
    private final Contents saved = new Contents();
    private Contents expected = new Contents();

    RecordingTarget(Keyspace keyspace) {
        this.keyspace = keyspace;
    }

    /** Called by the thread of the snapshot whenever it would write to the file. */
    void writing() throws IOException {}

    /** What has been saved otherwise than it was, one line for each key; empty if all is well. */
    String mistakes() {
        return expected.differences(saved);
    }

    int savedKeys() {
        return saved.size();
    }

    @Override
    public void begin() throws IOException {
        expected = Contents.of(keyspace);
        saved.clear();
    }

    @Override
    public void writeLarge(int database, Entry value) throws IOException {
        writing();
        add(database, value);
    }

    private synchronized void add(int database, Object item) throws IOException {
        saved.add(database, item);
    }

    @Override
    public Chunk newChunk() {
        return new Chunk() {
            private int bytes;

            @Override
            public void add(int database, Object item) throws IOException {
                RecordingTarget.this.add(database, item);
                bytes += (int) KeyTable.sizeBytes(item);
            }

            @Override
            public int sizeBytes() {
                return bytes;
            }

            @Override
            public void writeOut() throws IOException {
                writing();
                bytes = 0;
            }
        };
    }
}
