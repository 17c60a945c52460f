package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.pattern.Durations;
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
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** How jobs travel to the scripts and back. */
final class JobRecord {
    /** Stands for a unique key that is made of the payload. */
    static final String PAYLOAD_DIGEST = "\0payload";

    /** How many words {@code enqueue.lua} takes for each job. */
    static final int WORDS = 6;
    /** How many words {@code take.lua} answers for each job. */
    static final int TAKEN_WORDS = 12;

    /** Writes what the scripts read, whatever the program's own mapper does. */
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static final byte[] NOTHING = new byte[0];

    private final Codecs codecs;

    JobRecord(Codecs codecs) {
        this.codecs = codecs;
    }

    /** A payload or a result as it is stored. */
    @SuppressWarnings("unchecked")
    byte[] encode(Object value, @Nullable Codec<Object> codec) {
        return (codec == null ? codecs.of((Class<Object>) value.getClass()) : codec).encode(value);
    }

    /**
     * Appends the words of a job.
     *
     * @param parent the id of the job that awaits it, or ""
     * @param isParent whether it awaits others
     */
    void append(NewJob job, String id, String queue, String parent, boolean isParent, List<Object> words) {
        byte[] payload = encode(job.payload(), job.codec());
        words.add(id);
        words.add(payload);
        words.add(queue);
        words.add(job.type());
        words.add(job.attempts());
        words.add(options(job, queue, payload, parent, isParent));
    }

    /** What is not as usual, as JSON; by the names of {@link JobField}. */
    private static String options(NewJob job, String queue, byte[] payload, String parent, boolean isParent) {
        ObjectNode options = JSON.createObjectNode();
        putMillis(options, JobField.DELAY, job.delay());
        job.runAt().ifPresent(time -> options.put(JobField.AT.stored(), Durations.epochMillis(time)));
        putMillis(options, JobField.TIMEOUT, job.timeout());
        putMillis(options, JobField.KEPT, job.retention());
        job.deadline().ifPresent(time -> options.put(JobField.DEADLINE.stored(), Durations.epochMillis(time)));
        if (!job.headers().isEmpty()) {
            options.put(JobField.HEADERS.stored(), JSON.writeValueAsString(job.headers()));
        }
        if (!job.uniqueKey().isEmpty()) {
            options.put(
                    JobField.UNIQUE.stored(),
                    job.uniqueKey().equals(PAYLOAD_DIGEST) ? digest(job, queue, payload) : job.uniqueKey());
            putMillis(options, JobField.UNIQUE_FOR, job.uniqueFor());
            if (job.uniqueness() == NewJob.Uniqueness.START) {
                options.put(JobField.UNIQUE_TO_START.stored(), "start");
            }
        }
        if (job.priority() > 0) {
            options.put(JobField.PRIORITY.stored(), job.priority());
        }
        if (!job.key().isEmpty()) {
            options.put(JobField.KEY.stored(), job.key());
        }
        if (job.replaces()) {
            options.put(JobField.REPLACES.stored(), true);
        }
        if (!parent.isEmpty()) {
            options.put(JobField.PARENT.stored(), parent);
        }
        if (isParent) {
            options.put(JobField.SEALING.stored(), 1);
        }
        return options.isEmpty() ? "" : options.toString();
    }

    private static void putMillis(ObjectNode options, JobField field, Duration duration) {
        long millis = Durations.millis(duration);
        if (millis > 0) {
            options.put(field.stored(), millis);
        }
    }

    private static String digest(NewJob job, String queue, byte[] payload) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((queue + '\0' + job.type() + '\0').getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(payload));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Headers as they were written; none if they cannot be read. */
    private static Map<String, String> headers(Reply json) {
        String text = json.textOrNull();
        if (text == null || text.isEmpty()) {
            return Map.of();
        }
        try {
            return JSON.readValue(text, new TypeReference<Map<String, String>>() {});
        } catch (JacksonException e) {
            return Map.of();
        }
    }

    /** A job that {@code take.lua} has given out; {@code sentNanos} is when it was asked for. */
    TakenJob taken(List<Reply> words, int at, long sentNanos) {
        return new TakenJob(
                words.get(at).text(),
                words.get(at + 1).text(),
                words.get(at + 2).text(),
                bytes(words.get(at + 3)),
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

    private static byte[] bytes(Reply reply) {
        byte[] bytes = reply.bytesOrNull();
        return bytes == null ? NOTHING : bytes;
    }

    private static Optional<String> text(Reply reply) {
        return Optional.of(reply.text()).filter(text -> !text.isEmpty());
    }

    /** A job that {@code look.lua} has shown. */
    JobInfo info(List<Reply> words) {
        return new JobInfo(
                words.get(0).text(),
                words.get(1).text(),
                words.get(2).text(),
                JobState.valueOf(words.get(3).text().toUpperCase(Locale.ROOT)),
                bytes(words.get(4)),
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
                text(words.get(13)),
                headers(words.get(14)),
                text(words.get(15)),
                (int) words.get(16).number(),
                text(words.get(17)),
                words.get(18).list().stream()
                        .map(failure -> failure(failure.list()))
                        .toList());
    }

    private static JobFailure failure(List<Reply> words) {
        return new JobFailure(
                Instant.ofEpochMilli(words.get(0).number()),
                (int) words.get(1).number(),
                words.get(2).text(),
                text(words.get(3)),
                text(words.get(4)));
    }
}
