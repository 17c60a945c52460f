package dev.holdfast.relay.topic;

/**
 * A topic as a caller names it.
 *
 * @param owner the id of its owner
 * @param name its name, among the owner's or among all
 * @param address what the caller calls it: the name, or {@code owner/name} of somebody else's
 */
record Topic(String owner, String name, String address, Layout layout) {
    String stream() {
        return layout.stream(this);
    }

    String metadata() {
        return layout.metadata(this);
    }
}
