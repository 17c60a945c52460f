package dev.holdfast.relay.topic;

import dev.holdfast.relay.auth.User;
import dev.holdfast.relay.auth.Users;
import dev.holdfast.relay.http.HttpError;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which topics there are, and who may use them.
 *
 * <p>A topic belongs to a user; the same name may be a topic of several. Its owner, and administrators, may do everything with it;
 * others what the owner has granted, and everybody who may read at all may read it if it is public. A bare name means a topic of
 * one's own, {@code user/name} one of another's.
 *
 * <p>In the {@linkplain Layout#FLAT flat layout} a name is one topic's, and a bare name means that, whoever owns it. Messages that older
 * relays have left, of which nobody is the owner, are an administrator's.
 *
 * <pre>
 * topic:{owner}/{name}   hash: topic_id, topic_name, owner_id, description, created_at, public; grant:{user id} = read | write;
 *                        what {@link TopicSettings} has
 * </pre>
 */
final class Topics {
    private static final int MOST_NAME = 255;
    private static final String GRANT = "grant:";
    private static final String OWNER = "owner_id";

    private final Store store;
    private final Users users;
    private final RelaySettings relay;
    private final Layout layout;

    /** A topic that may be written to. */
    record Target(Topic topic, TopicSettings settings) {}

    Topics(Store store, Users users, RelaySettings relay) {
        this.store = store;
        this.users = users;
        this.relay = relay;
        this.layout = relay.layout();
    }

    private String key(Topic topic) {
        return store.namespace() + topic.metadata();
    }

    /** Whether text may be the name of a topic. */
    static boolean isName(String name) {
        return !name.isEmpty() && name.length() <= MOST_NAME && name.matches("[A-Za-z0-9_-]+");
    }

    /**
     * The topic that a user means.
     *
     * @throws HttpError 422 if it is no name, 403 if there is no such owner
     */
    Topic resolve(User user, String address) {
        int slash = address.indexOf('/');
        String name = address.substring(slash + 1);
        if (!isName(name)) {
            throw new HttpError(
                    422, "a topic's name has 1 to " + MOST_NAME + " letters, digits, hyphens and underscores");
        }
        if (slash < 0) {
            return named(user, name);
        }
        User owner = address.substring(0, slash).equals(user.name()) ? user : users.byName(address.substring(0, slash));
        if (owner == null || layout == Layout.FLAT && !named(user, name).owner().equals(owner.id())) {
            throw denied();
        }
        return new Topic(owner.id(), name, address, layout);
    }

    /** What a bare name means to a user: a topic of the user's own, or, in the flat layout, of its owner. */
    private Topic named(User user, String name) {
        Topic own = new Topic(user.id(), name, name, layout);
        if (layout == Layout.OWNED) {
            return own;
        }
        String owner = owner(own);
        if (owner != null) {
            return new Topic(owner, name, name, layout);
        }
        boolean leftByOthers = !user.permissions().contains(User.ADMIN)
                && store.call("EXISTS", store.namespace() + own.stream()).flag();
        if (leftByOthers) {
            throw denied();
        }
        return own;
    }

    private @Nullable String owner(Topic topic) {
        return store.call("HGET", key(topic), OWNER).textOrNull();
    }

    /** A topic of a user's own, there or not; null if the name is another's. */
    @Nullable
    Topic own(User user, String name) {
        if (!isName(name)) {
            return null;
        }
        try {
            Topic topic = named(user, name);
            return topic.owner().equals(user.id()) ? topic : null;
        } catch (HttpError e) {
            return null;
        }
    }

    /** The owner's topic of a name. */
    Topic of(String owner, String name) {
        return new Topic(owner, name, name, layout);
    }

    /** What does not tell whether the topic exists. */
    static HttpError denied() {
        return new HttpError(403, "Access denied to one or more requested topics");
    }

    /**
     * Checks that a user may read a topic. One's own need not exist yet.
     *
     * @throws HttpError 403 if not
     */
    Topic readable(User user, String address) {
        Topic topic = resolve(user, address);
        if (topic.owner().equals(user.id())) {
            return topic;
        }
        List<Reply> fields = store.call("HMGET", key(topic), OWNER, "public", GRANT + user.id())
                .list();
        boolean exists = !fields.get(0).isNull();
        boolean may = user.permissions().contains(User.ADMIN)
                || "1".equals(fields.get(1).textOrNull())
                || !fields.get(2).isNull();
        if (!exists || !may) {
            throw denied();
        }
        return topic;
    }

    /**
     * Checks that a user may write to a topic, and makes one's own if it is not there.
     *
     * @throws HttpError 403 if not
     */
    Target writable(User user, String address) {
        Topic topic = resolve(user, address);
        List<Reply> values = values(topic, OWNER, GRANT + user.id());
        boolean exists = !values.get(0).isNull();
        if (topic.owner().equals(user.id())) {
            // In the flat layout another may have been first.
            if (!exists && !create(topic, "") && !user.id().equals(owner(topic))) {
                throw denied();
            }
        } else if (!exists
                || !user.permissions().contains(User.ADMIN)
                        && !User.WRITE.equals(values.get(1).textOrNull())) {
            throw denied();
        }
        return new Target(topic, TopicSettings.of(values.subList(2, values.size()), relay));
    }

    TopicSettings settings(Topic topic) {
        return TopicSettings.of(values(topic), relay);
    }

    /** The values of some fields of a topic, then of those that are its settings. */
    private List<Reply> values(Topic topic, String... first) {
        List<Object> words = new ArrayList<>();
        words.add(key(topic));
        words.addAll(List.of(first));
        words.addAll(TopicSettings.FIELDS);
        return store.call("HMGET", words.toArray()).list();
    }

    /** Changes fields of a topic, given with their values in turn. */
    void set(Topic topic, List<String> changes) {
        if (!changes.isEmpty()) {
            List<Object> words = new ArrayList<>();
            words.add(key(topic));
            words.addAll(changes);
            store.call("HSET", words.toArray());
        }
    }

    /** Makes a topic. Returns whether it was not there before. */
    boolean create(Topic topic, String description) {
        if (!store.call("HSETNX", key(topic), OWNER, topic.owner()).flag()) {
            return false;
        }
        store.call(
                "HSET",
                key(topic),
                "topic_id",
                UUID.randomUUID().toString(),
                "topic_name",
                topic.name(),
                "description",
                description,
                "created_at",
                Instant.ofEpochMilli(store.millis()).toString());
        store.call("SADD", users.ownedTopicsKey(topic.owner()), topic.name());
        return true;
    }

    /** A topic as its owner sees it, or null if there is none. */
    @Nullable
    Map<String, @Nullable Object> page(Topic topic) {
        Map<String, Reply> fields = store.call("HGETALL", key(topic)).map();
        if (!fields.containsKey(OWNER)) {
            return null;
        }
        Map<String, @Nullable Object> page = new LinkedHashMap<>();
        for (String field : List.of("topic_id", "topic_name", OWNER, "created_at", "description")) {
            Reply value = fields.get(field);
            page.put(field, value == null || value.text().isEmpty() ? null : value.text());
        }
        Reply open = fields.get("public");
        page.put("is_public", open != null && open.text().equals("1"));
        page.putAll(settings(topic).page());
        return page;
    }

    List<Map<String, @Nullable Object>> ownedBy(User user) {
        List<Map<String, @Nullable Object>> pages = new ArrayList<>();
        for (String name : new TreeSet<>(
                store.call("SMEMBERS", users.ownedTopicsKey(user.id())).texts())) {
            Map<String, @Nullable Object> page = page(of(user.id(), name));
            if (page != null) {
                pages.add(page);
            }
        }
        return pages;
    }

    /** Lets a user read, or read and write, a topic of another's; with null no longer. */
    void grant(Topic topic, User user, @Nullable String permission) {
        if (permission == null) {
            store.call("HDEL", key(topic), GRANT + user.id());
        } else {
            store.call("HSET", key(topic), GRANT + user.id(), permission);
        }
    }

    /** The names of users with what has been granted to them. */
    Map<String, String> grants(Topic topic) {
        Map<String, String> grants = new LinkedHashMap<>();
        store.call("HGETALL", key(topic)).map().forEach((field, value) -> {
            User user = field.startsWith(GRANT) ? users.byId(field.substring(GRANT.length())) : null;
            if (user != null) {
                grants.put(user.name(), value.text());
            }
        });
        return grants;
    }

    void delete(Topic topic) {
        store.call("DEL", key(topic));
        store.call("SREM", users.ownedTopicsKey(topic.owner()), topic.name());
    }
}
