package dev.holdfast.toolkit.store;

/** The libraries that only some uses of the toolkit need. An application adds those that it uses. */
public enum Artifact {
    /** For stores elsewhere. */
    LETTUCE("io.lettuce:lettuce-core", "io.lettuce.core.RedisClient"),
    /** For stores elsewhere. */
    RESILIENCE4J(
            "io.github.resilience4j:resilience4j-circuitbreaker",
            "io.github.resilience4j.circuitbreaker.CircuitBreaker"),
    /** For jobs, and for values that are neither text, bytes nor numbers. */
    JACKSON("tools.jackson.core:jackson-databind", "tools.jackson.databind.ObjectMapper"),
    /** For metrics. */
    MICROMETER("io.micrometer:micrometer-core", "io.micrometer.core.instrument.MeterRegistry");

    private final String coordinates;
    private final String type;

    Artifact(String coordinates, String type) {
        this.coordinates = coordinates;
        this.type = type;
    }

    /** Whether it is on the class path. */
    public boolean isThere() {
        try {
            Class.forName(type, false, Artifact.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }

    /**
     * Says that something needs it.
     *
     * @param what what needs it: "a store elsewhere"
     * @throws IllegalStateException if it is not there
     */
    public void require(String what) {
        if (!isThere()) {
            throw new IllegalStateException(what + " needs " + coordinates
                    + " on the class path, or its module among those" + " that are resolved");
        }
    }
}
