package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.store.Reply;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.type.TypeReference;

/** How jobs travel to the scripts and back. */
final class JobRecord {
    /** Stands for a unique key that is made of the payload. */
    static final String PAYLOAD_DIGEST = "\0payload";

    /** How many words {@code enqueue.lua} takes for each job. */
    static final int WORDS = 13;
    /** How many words {@code take.lua} answers for each job. */
    static final int TAKEN_WORDS = 12;

    private final Codecs codecs;

    JobRecord(Codecs codecs) {
        this.codecs = codecs;
    }

    /** A payload or a result as it is stored. */
    @SuppressWarnings("unchecked")
    byte[] encode(Object value) {
        return codecs.of((Class<Object>) value.getClass()).encode(value);
    }

    /** Appends the words of a job. */
    void append(NewJob job, boolean awaits, List<Object> words) {
        byte[] payload = encode(job.payload());
        words.add(job.id().isEmpty() ? Context.id() : job.id());
        words.add(payload);
        words.add(job.queue());
        words.add(job.type());
        words.add(job.attempts());
        words.add(job.timeout().toMillis());
        words.add(job.retention().toMillis());
        words.add(job.deadline().map(Instant::toEpochMilli).orElse(0L));
        words.add(job.headers().isEmpty() ? "" : codecs.mapper().writeValueAsString(job.headers()));
        words.add(awaits ? -1 : job.delay().toMillis());
        words.add(job.uniqueKey().equals(PAYLOAD_DIGEST) ? digest(job, payload) : job.uniqueKey());
        words.add(job.uniqueness().name().toLowerCase(Locale.ROOT));
        words.add(job.uniqueFor().toMillis());
    }

    private static String digest(NewJob job, byte[] payload) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((job.queue() + '\0' + job.type() + '\0').getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(payload));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    Map<String, String> headers(Reply json) {
        String text = json.text();
        return text.isEmpty() ? Map.of() : codecs.mapper().readValue(text, new TypeReference<Map<String, String>>() {});
    }

    /** A job that {@code take.lua} has given out; {@code sentNanos} is when it was asked for. */
    TakenJob taken(List<Reply> words, int at, long sentNanos) {
        return new TakenJob(
                words.get(at).text(),
                words.get(at + 1).text(),
                words.get(at + 2).text(),
                words.get(at + 3).bytes(),
                words.get(at + 4).number(),
                (int) words.get(at + 5).number(),
                (int) words.get(at + 6).number(),
                (int) words.get(at + 7).number(),
                words.get(at + 8).number(),
                Duration.ofMillis(words.get(at + 9).number()),
                words.get(at + 10).number(),
                headers(words.get(at + 11)),
                sentNanos);
    }

    /** A job that {@code look.lua} has shown. */
    JobInfo info(List<Reply> words) {
        return new JobInfo(
                words.get(0).text(),
                words.get(1).text(),
                words.get(2).text(),
                JobState.valueOf(words.get(3).text().toUpperCase(Locale.ROOT)),
                words.get(4).bytes(),
                Optional.ofNullable(words.get(5).bytesOrNull()),
                words.get(6).isNull()
                        ? Optional.empty()
                        : Optional.of(words.get(6).real()),
                (int) words.get(7).number(),
                (int) words.get(8).number(),
                (int) words.get(9).number(),
                Instant.ofEpochMilli(words.get(10).number()),
                Instant.ofEpochMilli(words.get(11).number()),
                Instant.ofEpochMilli(words.get(12).number()),
                Optional.of(words.get(13).text()).filter(text -> !text.isEmpty()),
                headers(words.get(14)),
                Optional.of(words.get(15).text()).filter(text -> !text.isEmpty()));
    }
}
