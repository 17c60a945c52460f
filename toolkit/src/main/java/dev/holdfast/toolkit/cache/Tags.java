package dev.holdfast.toolkit.cache;

import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Knows which entries a tag is on, in one of two ways; see {@link TagStyle}.
 *
 * <p>Versions compare nothing with a clock: a tag's version is a random number that changes with every invalidation, 0 while
 * there has been none. An entry is out of date if a version that it noted, before its value was loaded, is not the
 * present one. This process keeps the versions that it has seen; it forgets one as soon as the store says that it has
 * changed, and asks again. A version outlives every entry that may have noted an earlier one.
 */
final class Tags {
    private static final int BATCH = 1000;
    private static final Duration VERSIONS_LIVE = Duration.ofDays(7);

    private final Store store;
    private final SecondLevel far;
    private final TagStyle style;
    private final Map<String, Long> versions = new ConcurrentHashMap<>();
    private final AtomicLong epoch = new AtomicLong();
    private volatile boolean followed;

    Tags(Store store, SecondLevel far, TagStyle style) {
        this.store = store;
        this.far = far;
        this.style = style;
    }

    /** Says whether the store tells of versions that change. Unless it does, none is kept. */
    void follow(boolean followed) {
        this.followed = followed;
        versions.clear();
    }

    /** Forgets a version, and every one that is being read. */
    void versionChanged(String tag) {
        epoch.incrementAndGet();
        versions.remove(tag);
    }

    void forgetVersions() {
        epoch.incrementAndGet();
        versions.clear();
    }

    /** Whether an entry of this process is out of date, or might be: the versions of its tags are not all known here. */
    boolean mayBeOutdated(Map<String, Long> noted) {
        if (noted.isEmpty() || style == TagStyle.SETS) {
            return false;
        }
        for (Map.Entry<String, Long> tag : noted.entrySet()) {
            if (!tag.getValue().equals(versions.get(tag.getKey()))) {
                return true;
            }
        }
        return false;
    }

    /** Whether an entry of the store is out of date. If the store cannot say, it is. */
    boolean isOutdated(Map<String, Long> noted) {
        return !noted.isEmpty()
                && style == TagStyle.VERSIONS
                && !current(noted.keySet()).equals(noted);
    }

    /** The present versions of tags, for an entry to note before its value is loaded. */
    Map<String, Long> current(Set<String> tags) {
        if (tags.isEmpty() || style == TagStyle.SETS) {
            Map<String, Long> labels = new LinkedHashMap<>();
            tags.forEach(tag -> labels.put(tag, 0L));
            return labels;
        }
        Map<String, Long> result = new LinkedHashMap<>();
        List<String> unknown = new ArrayList<>();
        for (String tag : tags) {
            Long version = versions.get(tag);
            if (version == null) {
                unknown.add(tag);
            } else {
                result.put(tag, version);
            }
        }
        if (!unknown.isEmpty()) {
            long before = epoch.get();
            List<byte[]> read = far.guarded(
                    () -> store.getAll(unknown.stream().map(Tags::versionKey).toList()), List.of());
            for (int i = 0; i < read.size(); i++) {
                byte[] bytes = read.get(i);
                long version = bytes == null ? 0 : Long.parseLong(new String(bytes, StandardCharsets.ISO_8859_1));
                result.put(unknown.get(i), version);
                if (followed) {
                    versions.put(unknown.get(i), version);
                }
            }
            if (epoch.get() != before) {
                unknown.forEach(versions::remove);
            }
        }
        return result;
    }

    private static byte[] versionKey(String tag) {
        return (CacheKeys.TAG_VERSIONS + tag).getBytes(StandardCharsets.UTF_8);
    }

    /** What adds a key to the sets of its tags; nothing where tags are versions. To be run before the value is loaded. */
    List<Command> join(byte[] key, Set<String> tags, long millis) {
        List<Command> commands = new ArrayList<>();
        if (style == TagStyle.SETS) {
            for (String tag : tags) {
                String members = CacheKeys.TAG_MEMBERS + tag;
                commands.add(Command.of("SADD", members, key));
                commands.add(Command.of("PEXPIRE", members, millis, "NX"));
                commands.add(Command.of("PEXPIRE", members, millis, "GT"));
            }
        }
        return commands;
    }

    /** Invalidates what a tag is on. The keys that are removed are shown to {@code removed}. Returns false if the store has failed. */
    boolean invalidate(String tag, Consumer<List<byte[]>> removed) {
        if (style == TagStyle.VERSIONS) {
            long version = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
            boolean done = far.guarded(
                    () -> store.call("SET", versionKey(tag), version, "PX", VERSIONS_LIVE.toMillis())
                            .flag(),
                    false);
            versionChanged(tag);
            return done;
        }
        return far.guarded(
                () -> {
                    List<Reply> members;
                    do {
                        members = store.call("SPOP", CacheKeys.TAG_MEMBERS + tag, BATCH)
                                .list();
                        List<byte[]> keys = members.stream().map(Reply::bytes).toList();
                        store.unlink(keys);
                        removed.accept(keys);
                    } while (members.size() == BATCH);
                    return true;
                },
                false);
    }
}
