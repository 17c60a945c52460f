package dev.holdfast.conformance.access;

import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.Answer.Kind;
import dev.holdfast.engine.execution.Client;
import dev.holdfast.engine.execution.Engine;
import dev.holdfast.engine.execution.Lane;
import dev.holdfast.engine.execution.Link;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.ObjectReply;
import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import dev.holdfast.engine.protocol.Reply;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A caller in the JVM of the engine, who receives objects. */
final class EmbeddedSession implements Session, Link {
    private static final int PATIENCE_SECONDS = 20;

    private final Engine engine;
    private final Client client;
    private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();

    EmbeddedSession(Engine engine, Lane lane) {
        this.engine = engine;
        this.client = engine.connect(this, lane);
        client.setResp3(true);
    }

    @Override
    public Form form() {
        return Form.OBJECTS;
    }

    @Override
    public void send(List<String> words) {
        byte[][] bytes = new byte[words.size()][];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = words.get(i).getBytes(StandardCharsets.ISO_8859_1);
        }
        ObjectReply reply = new ObjectReply();
        if (engine.execute(client, Args.of(bytes), reply)) {
            answers.add(answer(reply.result()));
        }
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
    private static String show(double number) {
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        if (number == Math.rint(number) && Math.abs(number) < 1e17) {
            return Long.toString((long) number);
        }
        return Double.toString(number);
    }

    @Override
    public void push(byte[] message) {
        try {
            answers.add(RespSession.read(new ByteArrayInputStream(message)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Reply resumeReply() {
        return new ObjectReply();
    }

    @Override
    public void resume(Reply reply) {
        answers.add(answer(((ObjectReply) reply).result()));
    }

    @Override
    public void close() {
        engine.disconnect(client);
    }

    @Override
    public void close(boolean afterReplies) {}

    @Override
    public String address() {
        return "embedded:0";
    }

    @Override
    public String localAddress() {
        return "embedded:0";
    }

    @Override
    public long queryBytes() {
        return 0;
    }

    @Override
    public long outputBytes() {
        return 0;
    }

    @Override
    public long bytesIn() {
        return 0;
    }

    @Override
    public long bytesOut() {
        return 0;
    }
}
