package dev.holdfast.toolkit.jcache;

/** What {@code unwrap} of JSR-107 answers. */
final class Unwrap {
    private Unwrap() {}

    /**
     * The first of some objects that is of a type.
     *
     * @param what what they are called in the message
     * @throws IllegalArgumentException if none is
     */
    static <T> T as(Class<T> type, String what, Object... candidates) {
        for (Object candidate : candidates) {
            if (type.isInstance(candidate)) {
                return type.cast(candidate);
            }
        }
        throw new IllegalArgumentException(what + " is no " + type.getName());
    }
}
