package dev.holdfast.conformance.access;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Lets a script run each command.
 *
 * <p>Some are sent by themselves: those that scripts must not use, those whose effect ends with the script, and mistakes that
 * scripts are told of in other words. A scenario is marked {@code not script} if its numbers do not fit into a double, which is
 * what a number is to a script.
 */
final class ScriptedSession implements Session {
    private static final String SCRIPT = "return redis.pcall(unpack(ARGV))";

    /** The database that a script selects is selected until its end. */
    private static final Set<String> WITHOUT_EFFECT = Set.of("SELECT");

    /** How a script is told of what the client is told otherwise. */
    private static final List<String> TOLD_OTHERWISE = List.of(
            "ERR This Valkey command is not allowed from script",
            "ERR Unknown command called from script",
            "ERR Wrong number of args calling command from script");

    private final Session session;

    ScriptedSession(Session session) {
        this.session = session;
    }

    @Override
    public Answer.Form form() {
        return Answer.Form.SCRIPTED;
    }

    @Override
    public void send(List<String> words) {
        throw new UnsupportedOperationException("a script answers at once");
    }

    @Override
    public Answer receive() {
        throw new UnsupportedOperationException("a script answers at once");
    }

    @Override
    public Answer run(List<String> words) {
        if (WITHOUT_EFFECT.contains(words.getFirst())) {
            return session.run(words);
        }
        List<String> eval = new ArrayList<>(List.of("EVAL", SCRIPT, "0"));
        eval.addAll(words);
        Answer answer = session.run(eval);
        boolean otherwise = answer.isError() && TOLD_OTHERWISE.contains(answer.text());
        return otherwise ? session.run(words).in(Answer.Form.SCRIPTED) : answer;
    }

    @Override
    public void close() {
        session.close();
    }
}
