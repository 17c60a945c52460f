package dev.holdfast.engine.types;

/** The two ends of a list: what LPUSH and RPUSH call left and right. */
public enum ListEnd {
    HEAD,
    TAIL
}
