package dev.holdfast.engine.keyspace;

/** The kinds of value that a key can hold, with the names that {@code TYPE} gives them. */
public enum ValueType {
    STRING("string"),
    LIST("list"),
    SET("set"),
    ZSET("zset"),
    HASH("hash"),
    STREAM("stream");

    private static final ValueType[] VALUES = values();

    private final String typeName;

    ValueType(String typeName) {
        this.typeName = typeName;
    }

    public String typeName() {
        return typeName;
    }

    static ValueType at(int ordinal) {
        return VALUES[ordinal];
    }
}
