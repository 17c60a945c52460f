package dev.holdfast.engine;

import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.execution.CommandSpec;

/** A command that the typed calls use often: its declaration is at hand, so that it need not be looked up. */
final class Verb {
    static final Verb GET = of("get");
    static final Verb SET = of("set");
    static final Verb DEL = of("del");
    static final Verb EXISTS = of("exists");
    static final Verb INCR = of("incr");
    static final Verb INCRBY = of("incrby");
    static final Verb HGET = of("hget");
    static final Verb HSET = of("hset");
    static final Verb LPUSH = of("lpush");
    static final Verb RPUSH = of("rpush");
    static final Verb LPOP = of("lpop");
    static final Verb RPOP = of("rpop");
    static final Verb SADD = of("sadd");
    static final Verb SREM = of("srem");
    static final Verb SISMEMBER = of("sismember");
    static final Verb ZADD = of("zadd");
    static final Verb PUBLISH = of("publish");

    final byte[] name;
    final CommandSpec spec;

    private Verb(CommandSpec spec) {
        this.name = Words.utf8(spec.name());
        this.spec = spec;
    }

    private static Verb of(String name) {
        return AllCommands.list().stream()
                .filter(spec -> spec.name().equals(name))
                .findAny()
                .map(Verb::new)
                .orElseThrow();
    }
}
