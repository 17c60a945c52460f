package dev.holdfast.conformance.access;

import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.Answer.Kind;
import dev.holdfast.engine.ErrorReplyException;
import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A caller in the JVM of the store, who receives objects. What is sent runs on a thread of its own, for it may wait. */
public final class EmbeddedSession implements Session {
    private static final int PATIENCE_SECONDS = 20;

    private final dev.holdfast.engine.Connection session;
    private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();

    public EmbeddedSession(Holdfast store) {
        this.session = store.connect();
    }

    @Override
    public Form form() {
        return Form.OBJECTS;
    }

    @Override
    public void send(List<String> words) {
        Thread.ofVirtual().start(() -> answers.add(run(words)));
    }

    @Override
    public Answer receive() {
        try {
            Answer answer = answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (answer == null) {
                throw new IllegalStateException("no answer has come");
            }
            return answer;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Answer run(List<String> words) {
        Object[] arguments = words.stream()
                .skip(1)
                .map(word -> word.getBytes(StandardCharsets.ISO_8859_1))
                .toArray();
        try {
            return answer(session.call(words.getFirst(), arguments));
        } catch (ErrorReplyException e) {
            return Answer.of(Kind.ERROR, String.valueOf(e.getMessage()));
        }
    }

    private static Answer answer(@Nullable Object object) {
        return switch (object) {
            case null -> Answer.NIL;
            case byte[] bytes -> Answer.bulk(new String(bytes, StandardCharsets.ISO_8859_1));
            case String text -> Answer.of(Kind.SIMPLE, text);
            case Long number -> Answer.of(Kind.INTEGER, number.toString());
            case Double number -> Answer.of(Kind.DOUBLE, show(number));
            case Boolean truth -> Answer.of(Kind.BOOLEAN, truth ? "t" : "f");
            case ReplyError error -> Answer.of(Kind.ERROR, error.message());
            case List<?> list ->
                Answer.of(Kind.ARRAY, list.stream().map(EmbeddedSession::answer).toList());
            case Map<?, ?> map -> {
                List<Answer> parts = new ArrayList<>();
                map.forEach((key, value) -> {
                    Answer name = answer(key);
                    parts.add(name.kind() == Kind.SIMPLE ? Answer.bulk(name.text()) : name);
                    parts.add(answer(value));
                });
                yield Answer.of(Kind.MAP, parts);
            }
            default -> Answer.of(Kind.BIG_NUMBER, object.toString());
        };
    }

    /** A double as RESP3 writes it. */
    static String show(double number) {
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        return number == Math.rint(number) && Math.abs(number) < 1e17
                ? Long.toString((long) number)
                : Double.toString(number);
    }

    @Override
    public void close() {
        session.close();
    }
}
