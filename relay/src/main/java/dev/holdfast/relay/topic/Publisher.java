package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Adds messages to topics, and drops old ones.
 *
 * <p>A plain topic, as most are, needs one XADD for a message; it is trimmed by whole blocks on the way. What asks for more, an
 * idempotency key, compaction, a limit in bytes, groups that hold messages back, is one script. What only becomes too old is dropped
 * by {@link Sweep}.
 */
final class Publisher {
    private static final Script PUBLISH = Script.of(Publisher.class, "publish");
    private static final Duration REMEMBERED = Duration.ofMinutes(10);
    private static final int DROPPED_ON_THE_WAY = 8;
    private static final int DROPPED_AT_ONCE = 500;

    private final Store store;

    /** A message that has been added. */
    record Published(String id, String timestamp) {}

    /** A message on its way: the command that adds it, and its time. */
    record Outgoing(Command command, String timestamp) {
        /**
         * What the command's answer says.
         *
         * @throws HttpError 422 if its idempotency key came with another message before
         * @throws dev.holdfast.toolkit.store.CommandFailedException if the store refuses
         */
        Published published(Reply answer) {
            if (command.name().equals("XADD")) {
                return new Published(answer.orThrow().text(), timestamp);
            }
            List<Reply> parts = answer.orThrow().list();
            if (parts.get(0).text().equals("MISMATCH")) {
                throw new HttpError(422, "this Idempotency-Key has been used for another message");
            }
            return new Published(parts.get(0).text(), parts.get(1).text());
        }
    }

    Publisher(Store store) {
        this.store = store;
    }

    /** @param idempotency a digest of caller and key, or null: a second publication with it adds nothing and is answered the same */
    Published publish(Topics.Target target, Draft draft, @Nullable String idempotency) {
        Outgoing outgoing = outgoing(target, draft, idempotency);
        return outgoing.published(store.call(outgoing.command));
    }

    Outgoing outgoing(Topics.Target target, Draft draft, @Nullable String idempotency) {
        TopicSettings settings = target.settings();
        boolean plain = idempotency == null
                && settings.mostBytes() == 0
                && !settings.compacted()
                && !(settings.hasGroups() && settings.keepUnacknowledged());
        long now = store.millis();
        String timestamp = Instant.ofEpochMilli(now).toString();
        String expires = draft.ttlSeconds() == 0 ? "" : Long.toString(now + draft.ttlSeconds() * 1000);
        return new Outgoing(
                plain
                        ? entry(target, draft, timestamp, expires)
                        : script(target, draft, timestamp, expires, idempotency, DROPPED_ON_THE_WAY),
                timestamp);
    }

    private Command entry(Topics.Target target, Draft draft, String timestamp, String expires) {
        List<Object> words = new ArrayList<>(16);
        words.add(Messages.streamKey(store, target.topic()));
        words.addAll(List.of("MAXLEN", "~", target.settings().mostMessages(), "*"));
        words.addAll(List.of("payload", draft.payload(), "timestamp", timestamp));
        addUnlessEmpty(words, "metadata", draft.metadata());
        addUnlessEmpty(words, "expires_at", expires);
        addUnlessEmpty(words, "key", draft.key());
        addUnlessEmpty(words, "message_id", olderId(target.topic()));
        return Command.of("XADD", words.toArray());
    }

    /** What older readers of the flat layout know a message by; empty elsewhere, where the entry's id is the message's. */
    private static String olderId(Topic topic) {
        return topic.layout() == Layout.FLAT ? "msg_" + UUID.randomUUID() : "";
    }

    private static void addUnlessEmpty(List<Object> words, String name, String value) {
        if (!value.isEmpty()) {
            words.add(name);
            words.add(value);
        }
    }

    private Command script(
            Topics.Target target,
            Draft draft,
            String timestamp,
            String expires,
            @Nullable String idempotency,
            int mostDropped) {
        String stream = Messages.streamKey(store, target.topic());
        List<String> keys = new ArrayList<>(List.of(
                stream,
                Messages.beside("keys", store, target.topic()),
                Messages.beside("bytes", store, target.topic())));
        if (idempotency != null) {
            keys.add(Messages.beside("idem", store, target.topic()) + ":" + idempotency);
        }
        TopicSettings settings = target.settings();
        return Command.of(
                PUBLISH,
                keys,
                draft.payload(),
                timestamp,
                draft.metadata(),
                expires,
                draft.key(),
                settings.mostMessages(),
                Long.toString(Math.max(0, store.millis() - settings.retention().toMillis())),
                settings.mostBytes(),
                settings.compacted() ? 1 : 0,
                settings.hasGroups() && settings.keepUnacknowledged() ? 1 : 0,
                mostDropped,
                REMEMBERED.toSeconds(),
                idempotency == null ? "" : draft.digest(),
                olderId(target.topic()));
    }

    /** Drops what a topic need not keep any longer. Returns how many messages that was. */
    long drop(Topics.Target target) {
        Command command = script(target, new Draft("", "", "", "", 0), "", "", null, DROPPED_AT_ONCE);
        long dropped = 0;
        long some;
        do {
            some = store.call(command).list().get(2).number();
            dropped += some;
        } while (some == DROPPED_AT_ONCE);
        return dropped;
    }
}
