package dev.holdfast.relay.topic;

/** Which keys topics have. */
public enum Layout {
    /** {@code stream:topic:{owner}/{name}} and {@code topic:{owner}/{name}}: each user has names of their own. */
    OWNED("topic:") {
        @Override
        String place(String owner, String name) {
            return owner + "/" + name;
        }
    },

    /** {@code stream:topic:{name}} and {@code meta:topic:{name}}, as older relays have them: a name is one topic's, independent of its owner. */
    FLAT("meta:topic:") {
        @Override
        String place(String owner, String name) {
            return name;
        }
    };

    static final String STREAM = "stream:topic:";

    private final String metadata;

    Layout(String metadata) {
        this.metadata = metadata;
    }

    /** A topic's part of its keys. */
    abstract String place(String owner, String name);

    String stream(Topic topic) {
        return STREAM + place(topic.owner(), topic.name());
    }

    String metadata(Topic topic) {
        return metadata + place(topic.owner(), topic.name());
    }
}
