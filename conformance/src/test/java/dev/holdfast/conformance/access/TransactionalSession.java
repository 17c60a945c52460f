package dev.holdfast.conformance.access;

import java.util.List;

/** Puts each command into a transaction of its own. */
final class TransactionalSession implements Session {
    private final Session session;

    TransactionalSession(Session session) {
        this.session = session;
    }

    @Override
    public Answer.Form form() {
        return session.form();
    }

    @Override
    public void send(List<String> words) {
        throw new UnsupportedOperationException("a transaction answers at once");
    }

    @Override
    public Answer receive() {
        throw new UnsupportedOperationException("a transaction answers at once");
    }

    /** A command's answer out of EXEC's, or the error that kept the command from being queued. */
    @Override
    public Answer run(List<String> words) {
        session.run("MULTI");
        Answer queued = session.run(words);
        if (queued.isError()) {
            session.run("DISCARD");
            return queued;
        }
        return session.run("EXEC").parts().getFirst();
    }

    @Override
    public void close() {
        session.close();
    }
}
