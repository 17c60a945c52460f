package dev.holdfast.toolkit.cache;

import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Knows which entries a tag is on, in one of two ways; see {@link TagStyle}.
 *
 * <p>Versions compare nothing with a clock: a tag's version is a random number that changes with every invalidation. An entry notes the
 * version of each of its tags before its value is loaded, and a tag that has none gets one then. It is out of date unless the versions
 * that it has noted are the present ones. So a version that is lost, because it has expired, was evicted or was removed with other
 * keys, makes entries out of date and never brings one back. This process keeps the versions that it has seen; it forgets one as soon as
 * the store says that it has changed, and asks again.
 */
final class Tags {
    private static final int BATCH = 1000;
    private static final Duration VERSIONS_LIVE = Duration.ofDays(7);
    private static final int MOST_REMEMBERED = 100_000;

    /** What an entry notes where the store could not say the version: it is out of date at once. */
    private static final long NONE = 0;

    private final Store store;
    private final SecondLevel far;
    private final TagStyle style;
    private final Map<String, Long> versions = new ConcurrentHashMap<>();
    /** Until when the store keeps what it has of a tag, as far as is known here. */
    private final Map<String, Long> lives = new ConcurrentHashMap<>();

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
        lives.remove(tag);
    }

    void forgetVersions() {
        epoch.incrementAndGet();
        versions.clear();
        lives.clear();
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
        if (noted.isEmpty() || style == TagStyle.SETS) {
            return false;
        }
        if (noted.containsValue(NONE)) {
            return true;
        }
        List<String> unknown =
                noted.keySet().stream().filter(tag -> versions.get(tag) == null).toList();
        Map<String, Long> present = new HashMap<>();
        noted.keySet().forEach(tag -> present.put(tag, versions.getOrDefault(tag, NONE)));
        if (!unknown.isEmpty()) {
            long before = epoch.get();
            List<byte[]> read = far.guarded(
                    () -> store.getAll(unknown.stream().map(Tags::versionKey).toList()), List.of());
            for (int i = 0; i < read.size(); i++) {
                present.put(unknown.get(i), version(read.get(i)));
            }
            remember(unknown, present, before);
        }
        return !present.equals(noted);
    }

    /** The version that the store has kept, or none. */
    private static long version(byte @Nullable [] bytes) {
        try {
            return bytes == null ? NONE : Long.parseLong(new String(bytes, StandardCharsets.ISO_8859_1));
        } catch (NumberFormatException e) {
            return NONE;
        }
    }

    /** Keeps versions that were read under an epoch, unless any has changed since. */
    private void remember(List<String> tags, Map<String, Long> read, long before) {
        if (!followed) {
            return;
        }
        if (versions.size() > MOST_REMEMBERED) {
            versions.clear();
        }
        for (String tag : tags) {
            long version = read.getOrDefault(tag, NONE);
            if (version != NONE) {
                versions.put(tag, version);
            }
        }
        if (epoch.get() != before) {
            tags.forEach(versions::remove);
        }
    }

    /** The versions of tags, for an entry to note that lives for so long. Where tags are sets, none. */
    Map<String, Long> note(Set<String> tags, long millis) {
        Map<String, Long> noted = new LinkedHashMap<>();
        if (tags.isEmpty() || style == TagStyle.SETS) {
            tags.forEach(tag -> noted.put(tag, NONE));
            return noted;
        }
        List<String> unknown = new ArrayList<>();
        for (String tag : tags) {
            Long version = versions.get(tag);
            noted.put(tag, version == null ? NONE : version);
            if (version == null) {
                unknown.add(tag);
            }
        }
        if (!unknown.isEmpty()) {
            long before = epoch.get();
            List<Command> asked = new ArrayList<>();
            List<Long> drawn = new ArrayList<>();
            for (String tag : unknown) {
                long version = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
                drawn.add(version);
                asked.add(Command.of("SET", versionKey(tag), version, "NX", "GET", "PX", livesFor(millis)));
            }
            List<Reply> answers = far.guarded(() -> store.pipeline(asked), List.of());
            for (int i = 0; i < answers.size(); i++) {
                Reply answer = answers.get(i);
                if (!answer.isError()) {
                    noted.put(unknown.get(i), answer.isNull() ? drawn.get(i) : version(answer.bytes()));
                }
            }
            remember(unknown, noted, before);
        }
        keep(tags, millis);
        return noted;
    }

    private static long livesFor(long millis) {
        return Math.max(VERSIONS_LIVE.toMillis(), 2 * millis);
    }

    /** Has the store keep what it has of tags for longer than an entry that lives for so long. */
    void keep(Set<String> tags, long millis) {
        long now = store.millis();
        List<Command> commands = new ArrayList<>();
        for (String tag : tags) {
            if (lives.getOrDefault(tag, 0L) - now < millis) {
                byte[] key = style == TagStyle.VERSIONS
                        ? versionKey(tag)
                        : (CacheKeys.TAG_MEMBERS + tag).getBytes(StandardCharsets.UTF_8);
                commands.add(Command.of("PEXPIRE", key, livesFor(millis), "GT"));
            }
        }
        if (!commands.isEmpty() && far.run(commands)) {
            if (lives.size() > MOST_REMEMBERED) {
                lives.clear();
            }
            tags.forEach(tag -> lives.merge(tag, now + livesFor(millis), Math::max));
        }
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
            try {
                return far.invalidating(
                        () -> store.call("SET", versionKey(tag), version, "PX", VERSIONS_LIVE.toMillis())
                                .flag());
            } finally {
                versionChanged(tag);
            }
        }
        return far.invalidating(() -> {
            List<Reply> members;
            do {
                members = store.call("SPOP", CacheKeys.TAG_MEMBERS + tag, BATCH).list();
                List<byte[]> keys = members.stream().map(Reply::bytes).toList();
                store.unlink(keys);
                removed.accept(keys);
            } while (members.size() == BATCH);
            return true;
        });
    }
}
