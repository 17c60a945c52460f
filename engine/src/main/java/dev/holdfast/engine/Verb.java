package dev.holdfast.engine;

import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.CommandTable;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;

/** A command that the typed calls use often: its declaration is at hand, so that it need not be looked up. */
enum Verb {
    GET,
    SET,
    DEL,
    EXISTS,
    INCR,
    INCRBY,
    HGET,
    HSET,
    LPUSH,
    RPUSH,
    LPOP,
    RPOP,
    SADD,
    SREM,
    SISMEMBER,
    ZADD,
    PUBLISH;

    /** The name as the first word of a command. Never written to. */
    @SuppressWarnings("ImmutableEnumChecker")
    final byte[] word = Words.utf8(name().toLowerCase(Locale.ROOT));

    /** The declarations of all verbs in a store, in the order of the verbs. */
    static CommandSpec[] declarations(CommandTable commands) {
        return Stream.of(values())
                .map(verb -> Objects.requireNonNull(commands.declared(verb.name())))
                .toArray(CommandSpec[]::new);
    }
}
