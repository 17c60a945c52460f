package dev.holdfast.relay.topic;

import dev.holdfast.relay.auth.Users;
import dev.holdfast.toolkit.store.Store;

/**
 * Drops what only time makes too old, quiet topics included: once a minute, in one of all processes, topic
 * after topic. With the messages go consumers of groups that have not been seen for long and hold nothing.
 */
final class Sweep {
    static final long EVERY_SECONDS = 60;
    private static final String MARK = "relay:sweep";

    private final Store store;
    private final Users users;
    private final Topics topics;
    private final Publisher publisher;
    private final Groups groups;

    Sweep(Store store, Users users, Topics topics, Publisher publisher, Groups groups) {
        this.store = store;
        this.users = users;
        this.topics = topics;
        this.publisher = publisher;
        this.groups = groups;
    }

    /** Sweeps, unless another process has done so within a minute. */
    void run() {
        boolean ours = !store.call("SET", store.namespace() + MARK, "1", "NX", "PX", EVERY_SECONDS * 1000 - 500)
                .isNull();
        if (ours) {
            for (String owner : users.ids()) {
                for (String name :
                        store.call("SMEMBERS", users.ownedTopicsKey(owner)).texts()) {
                    sweep(topics.of(owner, name));
                }
            }
        }
    }

    private void sweep(Topic topic) {
        TopicSettings settings = topics.settings(topic);
        publisher.drop(new Topics.Target(topic, settings));
        if (settings.hasGroups()) {
            groups.forgetConsumers(topic, settings.retention());
        }
    }
}
