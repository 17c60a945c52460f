package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The options in front of XADD's id and after XTRIM's key: how to trim, and whether to make a stream. */
final class StreamTrim {
    private static final long DEFAULT_BLOCKS = 100;
    private static final long UNLIMITED_BLOCK_ENTRIES = 10_000;
    private static final long MAX_ENTRIES = 1_000_000;

    /** No options in front of XADD's id. */
    private static final StreamTrim NONE = new StreamTrim(true);

    static {
        NONE.end = 2;
    }

    private final boolean adding;
    private boolean makesNone;
    private boolean approximate;
    private boolean limitGiven;
    private long limit;
    private long maxLength = -1;
    private @Nullable StreamId minId;
    private int thresholdAt;
    private int end;

    private StreamTrim(boolean adding) {
        this.adding = adding;
    }

    /** Reads the options from the third word on; XADD's end where its id begins. */
    static StreamTrim parse(Call call, boolean adding) {
        if (adding && call.arg(2).isWord("*")) {
            return NONE;
        }
        StreamTrim trim = new StreamTrim(adding);
        trim.read(call);
        trim.check(call);
        return trim;
    }

    private void read(Call call) {
        int at = 2;
        for (; at < call.argCount(); at++) {
            Slice word = call.arg(at);
            int more = call.argCount() - 1 - at;
            if (adding && word.isWord("*")) {
                break;
            } else if (more > 0 && (word.isWord("MAXLEN") || word.isWord("MINID"))) {
                at = threshold(call, at, word.isWord("MAXLEN"));
            } else if (more > 0 && word.isWord("LIMIT")) {
                limit = call.longArg(++at);
                if (limit < 0) {
                    throw new CommandException("ERR The LIMIT argument must be >= 0.");
                }
                limitGiven = true;
            } else if (adding && word.isWord("NOMKSTREAM")) {
                makesNone = true;
            } else if (adding) {
                break;
            } else {
                throw CommandException.syntax();
            }
        }
        end = at;
    }

    private int threshold(Call call, int option, boolean length) {
        if (isGiven()) {
            throw new CommandException(
                    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
        }
        int at = option + 1;
        approximate = false;
        if (at + 1 < call.argCount()
                && (call.arg(at).isWord("~") || call.arg(at).isWord("="))) {
            approximate = call.arg(at).isWord("~");
            at++;
        }
        if (length) {
            maxLength = call.longArg(at);
            if (maxLength < 0) {
                throw new CommandException("ERR The MAXLEN argument must be >= 0.");
            }
        } else {
            minId = StreamArguments.strictId(call, at);
        }
        thresholdAt = at;
        return at;
    }

    private void check(Call call) {
        if (adding && end < call.argCount() && !call.arg(end).isWord("*")) {
            Slice word = call.arg(end);
            if (StreamArguments.parseOpenId(word) == null && StreamArguments.parseStrict(word, 0) == null) {
                throw StreamArguments.invalidId();
            }
        }
        if (limit != 0 && !isGiven()) {
            throw new CommandException("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
        }
        if (!adding && !isGiven()) {
            throw new CommandException("ERR syntax error, XTRIM must be called with a trimming strategy");
        }
        if (limitGiven && !approximate) {
            throw new CommandException("ERR syntax error, LIMIT cannot be used without the special ~ option");
        }
        if (!limitGiven && approximate) {
            // A hundred blocks, so that trimming does not take too long; the number of entries in one may be 0 or
            // without sense.
            limit = DEFAULT_BLOCKS * call.config().streamNodeMaxEntries.get();
            limit = limit <= 0 ? UNLIMITED_BLOCK_ENTRIES : Math.min(limit, MAX_ENTRIES);
        }
    }

    /** Whether there is anything to trim by. */
    boolean isGiven() {
        return maxLength >= 0 || minId != null;
    }

    /** Whether XADD is not to make a stream. */
    boolean makesNone() {
        return makesNone;
    }

    /** The index of the word after the options. */
    int end() {
        return end;
    }

    /** Trims the stream. Returns how many entries went. */
    long apply(StreamValue stream) {
        if (minId != null) {
            return stream.trimBefore(minId, approximate, limit);
        }
        return maxLength < 0 ? 0 : stream.trimTo(maxLength, approximate, limit);
    }

    /** The words of the call with what trimming has come to in place of an approximation, and with an id. */
    Object[] exactWords(Call call, StreamValue stream, @Nullable StreamId id) {
        List<Object> words = new ArrayList<>();
        for (int i = 0; i < call.argCount(); i++) {
            words.add(call.arg(i));
        }
        if (approximate) {
            words.set(thresholdAt - 1, "=");
            if (minId != null && stream.length() > 0) {
                words.set(thresholdAt, stream.firstId().toBytes());
            } else {
                // An empty stream has no least id that would empty another one.
                words.set(thresholdAt - 2, "MAXLEN");
                words.set(thresholdAt, stream.length());
            }
        }
        if (id != null) {
            words.set(end, id.toBytes());
        }
        if (approximate && limitGiven) {
            dropLimit(words);
        }
        return words.toArray();
    }

    /** A limit is no option of an exact trim. */
    private void dropLimit(List<Object> words) {
        for (int i = 2; i < end && i + 1 < words.size(); i++) {
            if (words.get(i) instanceof Slice word && word.isWord("LIMIT")) {
                words.remove(i + 1);
                words.remove(i);
                return;
            }
        }
    }
}
