package dev.holdfast.engine.persistence;

import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.execution.Engine;
import dev.holdfast.engine.keyspace.Entry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** A base of the append-only file in RDB format. */
final class RdbBaseTarget implements BaseTarget {
    private final Engine engine;
    private final Config config;
    private final RdbOutput out;
    private final RdbWriter writer;
    private final AofRewrite.Moment moment;

    RdbBaseTarget(Engine engine, DiskFile file, AofRewrite.Moment moment) {
        this.engine = engine;
        this.config = engine.config();
        this.moment = moment;
        this.out = new RdbOutput(
                (bytes, offset, length) -> file.write(ByteBuffer.wrap(bytes, offset, length)),
                config.persistence.rdbcompression.get(),
                config.persistence.rdbchecksum.get());
        this.writer = newWriter(out);
    }

    private RdbWriter newWriter(RdbOutput output) {
        return new RdbWriter(output, Usage.of(config), engine.keyspace().accessClock());
    }

    @Override
    public void begin() throws IOException {
        moment.arrived();
        writer.begin(RdbWriter.Contents.of(engine.keyspace(), engine.clock().millis(), true, List.of()));
    }

    @Override
    public Chunk newChunk() {
        return new RdbChunk();
    }

    @Override
    public void writeLarge(int database, Entry value) throws IOException {
        newWriter(out).item(database, value);
    }

    @Override
    public void end() throws IOException {
        writer.end();
    }

    private final class RdbChunk implements Chunk {
        private RdbOutput gathered = new RdbOutput(config.persistence.rdbcompression.get());
        private RdbWriter items = newWriter(gathered);

        @Override
        public void add(int database, Object item) throws IOException {
            items.item(database, item);
        }

        @Override
        public int sizeBytes() {
            return (int) gathered.written();
        }

        @Override
        public void writeOut() throws IOException {
            byte[] bytes = gathered.toBytes();
            out.writeBytes(bytes, 0, bytes.length);
            gathered = new RdbOutput(config.persistence.rdbcompression.get());
            items = newWriter(gathered);
        }
    }
}
