package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.Codecs;
import java.util.Optional;
import tools.jackson.core.type.TypeReference;

/** What became of a child of a job. */
public final class JobChild {
    private final Codecs codecs;
    private final String id;
    private final String type;
    private final JobState state;
    private final byte[] text;

    JobChild(Codecs codecs, String id, String type, JobState state, byte[] text) {
        this.codecs = codecs;
        this.id = id;
        this.type = type;
        this.state = state;
        this.text = text;
    }

    public String id() {
        return id;
    }

    public String type() {
        return type;
    }

    /** {@code DONE}, {@code DEAD} or {@code CANCELLED}. */
    public JobState state() {
        return state;
    }

    /** What its handler returned; empty for null, and if it is not done. */
    public <R> Optional<R> result(Class<R> type) {
        return result(codecs.of(type));
    }

    public <R> Optional<R> result(TypeReference<R> type) {
        return result(codecs.json(type));
    }

    public <R> Optional<R> result(Codec<R> codec) {
        return state == JobState.DONE && text.length > 0 ? Optional.of(codec.decode(text)) : Optional.empty();
    }

    /** Why it is not done. */
    public Optional<String> failure() {
        return state == JobState.DONE
                ? Optional.empty()
                : Optional.of(Codecs.text().decode(text));
    }

    @Override
    public String toString() {
        return "child " + id + " of the type " + type + ", " + state;
    }
}
