package dev.holdfast.engine.change;

import dev.holdfast.engine.config.NotificationFlags;
import java.util.Locale;

/** What can happen to a key, by the name and in the class that Valkey's keyspace events give it. */
public enum Event {
    DEL('g'),
    EXPIRE('g'),
    PERSIST('g'),
    RENAME_FROM('g'),
    RENAME_TO('g'),
    MOVE_FROM('g'),
    MOVE_TO('g'),
    COPY_TO('g'),
    RESTORE('g'),

    SET('$'),
    INCRBY('$'),
    INCRBYFLOAT('$'),
    APPEND('$'),
    SETRANGE('$'),
    SETBIT('$'),
    PFADD('$'),

    LPUSH('l'),
    RPUSH('l'),
    LPOP('l'),
    RPOP('l'),
    LINSERT('l'),
    LSET('l'),
    LTRIM('l'),
    LREM('l'),
    SORTSTORE('l'),

    SADD('s'),
    SREM('s'),
    SPOP('s'),
    SINTERSTORE('s'),
    SUNIONSTORE('s'),
    SDIFFSTORE('s'),

    HSET('h'),
    HINCRBY('h'),
    HINCRBYFLOAT('h'),
    HDEL('h'),
    HEXPIRE('h'),
    /** Fields have expired at a command. */
    HEXPIRED('h'),
    HPERSIST('h'),

    ZADD('z'),
    ZINCR('z'),
    ZREM('z'),
    ZREMRANGEBYRANK('z'),
    ZREMRANGEBYSCORE('z'),
    ZREMRANGEBYLEX('z'),
    ZPOPMIN('z'),
    ZPOPMAX('z'),
    ZRANGESTORE('z'),
    ZUNIONSTORE('z'),
    ZINTERSTORE('z'),
    ZDIFFSTORE('z'),
    GEOSEARCHSTORE('z'),
    GEORADIUSSTORE('z'),

    XADD('t'),
    XDEL('t'),
    XTRIM('t'),
    XSETID('t'),
    XGROUP_CREATE('t', "xgroup-create"),
    XGROUP_SETID('t', "xgroup-setid"),
    XGROUP_DESTROY('t', "xgroup-destroy"),
    XGROUP_CREATECONSUMER('t', "xgroup-createconsumer"),
    XGROUP_DELCONSUMER('t', "xgroup-delconsumer"),

    EXPIRED('x'),
    /** The active cycle has found fields that had expired. */
    FIELDS_EXPIRED('x', "hexpired"),
    EVICTED('e'),
    KEYMISS('m'),
    NEW('n');

    private final int eventClass;
    private final String text;

    Event(char eventClass) {
        this.eventClass = NotificationFlags.bit(eventClass);
        this.text = name().toLowerCase(Locale.ROOT);
    }

    Event(char eventClass, String text) {
        this.eventClass = NotificationFlags.bit(eventClass);
        this.text = text;
    }

    /** The bit of its class among the flags of {@code notify-keyspace-events}. */
    int eventClass() {
        return eventClass;
    }

    /** The name that subscribers see. */
    public String text() {
        return text;
    }
}
