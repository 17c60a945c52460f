package dev.holdfast.engine.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import dev.holdfast.engine.scripting.Scripting;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** RDB files of every version, byte by byte: those that are read, and those that are written. */
@NullMarked
class RdbGoldenTest {
    static List<GoldenFile> read() throws IOException {
        return GoldenFile.all("read.txt");
    }

    static List<GoldenFile> written() throws IOException {
        return GoldenFile.all("write.txt");
    }

    private static TestStore store(GoldenFile golden) {
        return new TestStore(golden.parameters().toArray(String[]::new));
    }

    @ParameterizedTest
    @MethodSource("read")
    void isReadAsDescribed(GoldenFile golden) throws IOException {
        try (TestStore store = store(golden)) {
            if (!golden.refusal().isEmpty()) {
                IOException refusal =
                        assertThrows(RdbException.class, () -> RdbFiles.load(store.engine(), golden.bytes()));
                assertEquals(golden.refusal(), refusal.getMessage());
                return;
            }
            assertEquals(golden.bytes().length, RdbFiles.load(store.engine(), golden.bytes()));
            assertTrue(!golden.checks().isEmpty(), "nothing is checked");
            for (GoldenFile.Check check : golden.checks()) {
                assertEquals(check.answer(), String.valueOf(store.run(check.command())));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("written")
    void isWrittenAsDescribed(GoldenFile golden) throws IOException {
        try (TestStore store = store(golden)) {
            Set<String> keys = new LinkedHashSet<>();
            for (byte[][] command : golden.before()) {
                assertFalse(store.session().runBytes(command) instanceof ReplyError, golden.title());
                if (store.run("KEYS", "*") instanceof List<?> present) {
                    present.forEach(key -> keys.add(String.valueOf(key)));
                }
            }
            assertEquals(hex(golden.bytes()), hex(write(store, keys)));
        }
    }

    private static byte[] write(TestStore store, Set<String> keys) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Keyspace keyspace = store.engine().keyspace();
        RdbOutput out = new RdbOutput(bytes::write, true, true);
        RdbWriter writer = new RdbWriter(out, Usage.of(store.config()), keyspace.clock());
        List<byte[]> functions = Scripting.of(store.engine()).functions().list().stream()
                .map(library -> library.code().toBytes())
                .toList();
        RdbWriter.Contents contents =
                RdbWriter.Contents.of(keyspace, store.clock().millis(), false, functions, Map.of());
        writer.begin(new RdbWriter.Contents(
                contents.fieldsExpire(), contents.databases(), 1000, contents.nowMillis(), false, functions, Map.of()));
        for (String key : keys) {
            Slice name = Slice.of(key);
            writer.item(
                    0, Objects.requireNonNull(keyspace.shardOf(name).table(0).find(name)));
        }
        writer.end();
        return bytes.toByteArray();
    }

    /** Lines of 16 bytes, so that a difference can be found. */
    private static String hex(byte[] bytes) {
        return HexFormat.ofDelimiter(" ").formatHex(bytes).replaceAll("(.{47}) ", "$1\n");
    }
}
