package dev.holdfast.engine.keyspace;

import dev.holdfast.engine.base.Slice;

/** A key of a database, with bytes of its own. */
public record DatabaseKey(int database, Slice key) {}
