package dev.holdfast.engine.lua;

/** A value that means something to Java code alone. The only one that scripts meet is the null of JSON. */
public final class LightUserdata {
    public static final LightUserdata NULL = new LightUserdata();

    private LightUserdata() {}

    @Override
    public String toString() {
        return "userdata: (nil)";
    }
}
