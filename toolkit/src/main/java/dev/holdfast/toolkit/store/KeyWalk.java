package dev.holdfast.toolkit.store;

import dev.holdfast.engine.KeyPage;
import dev.holdfast.engine.base.Glob;
import dev.holdfast.engine.base.Slice;
import java.util.ArrayList;
import java.util.List;

/**
 * A walk over the keys of a store, a page at a time: a store in this JVM gives them from its tables, another is asked with SCAN and
 * about each key. A key that is there all the while is met; one may be met twice. Not over a cluster.
 */
public final class KeyWalk {
    private static final String ALL = "*";

    private final Store store;
    private final String pattern;
    private final String type;

    /**
     * What is known of a key.
     *
     * @param type as TYPE names it
     * @param bytes as MEMORY USAGE has them, but for what a store in this JVM does not count for each key
     * @param expiresAtMillis since 1970, or -1
     */
    @SuppressWarnings("ArrayRecordComponent") // They are not compared.
    public record Key(byte[] name, String type, long bytes, long expiresAtMillis) {}

    /**
     * Some keys.
     *
     * @param cursor where the next page begins; {@code 0} behind the last
     * @param visited how many keys were looked at, those included that are not wanted
     */
    public record Page(String cursor, int visited, List<Key> keys) {
        public boolean isLast() {
            return cursor.equals("0");
        }
    }

    /**
     * @param pattern a glob pattern; {@code *} for all
     * @param type as TYPE names it; empty for all
     */
    public KeyWalk(Store store, String pattern, String type) {
        if (store.isCluster()) {
            throw new IllegalArgumentException("the keys of a cluster are not walked");
        }
        this.store = store;
        this.pattern = pattern;
        this.type = type;
    }

    /**
     * The next keys.
     *
     * @param cursor {@code 0} to begin
     * @param most about how many keys are looked at
     */
    public Page page(String cursor, int most) {
        return store instanceof EmbeddedStore embedded ? own(embedded, cursor, most) : asked(cursor, most);
    }

    private Page own(EmbeddedStore embedded, String cursor, int most) {
        KeyPage page = embedded.keys(Long.parseUnsignedLong(cursor), most);
        Slice glob = Slice.of(pattern);
        List<Key> keys = new ArrayList<>();
        for (KeyPage.Key key : page.keys()) {
            if ((type.isEmpty() || key.type().equals(type))
                    && (pattern.equals(ALL) || Glob.matches(glob, new Slice(key.name())))) {
                keys.add(new Key(key.name(), key.type(), key.bytes(), key.expiresAtMillis()));
            }
        }
        return new Page(Long.toUnsignedString(page.next()), page.keys().size(), keys);
    }

    private Page asked(String cursor, int most) {
        List<Object> words = new ArrayList<>(List.of(cursor, "MATCH", pattern, "COUNT", most));
        if (!type.isEmpty()) {
            words.addAll(List.of("TYPE", type));
        }
        List<Reply> answer = store.call("SCAN", words.toArray()).list();
        List<byte[]> names = answer.get(1).list().stream().map(Reply::bytes).toList();
        List<Command> questions = new ArrayList<>();
        for (byte[] name : names) {
            questions.add(Command.of("TYPE", name));
            questions.add(Command.of("MEMORY", "USAGE", name));
            questions.add(Command.of("PTTL", name));
        }
        List<Reply> answers = questions.isEmpty() ? List.of() : store.pipeline(questions);
        long now = store.millis();
        List<Key> keys = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            String kind = answers.get(3 * i).orThrow().text();
            Reply bytes = answers.get(3 * i + 1);
            long left = answers.get(3 * i + 2).orThrow().number();
            if (!kind.equals("none")) {
                keys.add(new Key(
                        names.get(i),
                        kind,
                        bytes.isError() || bytes.isNull() ? 0 : bytes.number(),
                        left < 0 ? -1 : now + left));
            }
        }
        return new Page(answer.getFirst().text(), Math.max(most, names.size()), keys);
    }

    /** A name in which no character of a glob pattern has a meaning. */
    public static String literally(String name) {
        return name.replaceAll("([\\\\*?\\[\\]^])", "\\\\$1");
    }
}
