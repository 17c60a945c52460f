package dev.holdfast.engine;

import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands of a transaction while they are being queued. */
public final class Transaction {
    private final Connection connection;

    Transaction(Connection connection) {
        this.connection = connection;
    }

    /**
     * Queues a command; its name and arguments are those of {@link Calls#call}.
     *
     * @throws ErrorReplyException if there is no such command, or its arguments are too many or too few; the transaction then fails
     */
    public Transaction call(String command, Object... arguments) {
        connection.call(command, arguments);
        return this;
    }

    static @Nullable List<@Nullable Object> answers(@Nullable Object answer) {
        if (!(answer instanceof List<?> list)) {
            return null;
        }
        List<@Nullable Object> answers = new ArrayList<>(list.size());
        for (Object element : list) {
            answers.add(element instanceof ReplyError error ? new ErrorReplyException(error.message()) : element);
        }
        return answers;
    }
}
