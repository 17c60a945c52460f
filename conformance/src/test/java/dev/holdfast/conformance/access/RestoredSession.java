package dev.holdfast.conformance.access;

import java.util.List;

/** Lets the store be loaded from its files after each command, by another client. */
final class RestoredSession implements Session {
    private final Session session;
    private final Session other;
    private final String action;

    /** @param action the second word of the DEBUG command that loads */
    RestoredSession(Session session, Session other, String action) {
        this.session = session;
        this.other = other;
        this.action = action;
    }

    @Override
    public Answer.Form form() {
        return session.form();
    }

    @Override
    public void send(List<String> words) {
        session.send(words);
    }

    @Override
    public Answer receive() {
        return session.receive();
    }

    @Override
    public Answer run(List<String> words) {
        Answer answer = session.run(words);
        Answer restored = other.run("DEBUG", action);
        if (restored.isError()) {
            throw new IllegalStateException("DEBUG " + action + ": " + restored);
        }
        return answer;
    }

    @Override
    public void close() {
        session.close();
        other.close();
    }
}
