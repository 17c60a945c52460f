package dev.holdfast.conformance.access;

import java.util.List;

/** One client of a store. */
public interface Session extends AutoCloseable {
    /** Sends a command. Its answer is among what {@link #receive} returns next. */
    void send(List<String> words);

    /** The next answer or message; waits for it. */
    Answer receive();

    /** What the answers to this client can tell apart. */
    Answer.Form form();

    default Answer run(List<String> words) {
        send(words);
        return receive();
    }

    default Answer run(String... words) {
        return run(List.of(words));
    }

    @Override
    void close();
}
