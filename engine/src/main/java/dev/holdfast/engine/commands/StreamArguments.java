package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.types.StreamId;
import org.jspecify.annotations.Nullable;

/** How the commands for streams read ids, and the ends of intervals of ids. */
final class StreamArguments {
    private static final int MAX_LENGTH = 127;
    private static final long MAX_TENTH = Long.divideUnsigned(-1, 10);

    private StreamArguments() {}

    static CommandException invalidId() {
        return new CommandException("ERR Invalid stream ID specified as stream command argument");
    }

    /** An id, where {@code -} and {@code +} are none; a missing second half is 0. */
    static StreamId strictId(Call call, int index) {
        StreamId id = parseStrict(call.arg(index), 0);
        if (id == null) {
            throw invalidId();
        }
        return id;
    }

    /** As {@link #strictId}, or null where the word is no id. */
    static @Nullable StreamId parseStrict(Slice word, long missingSeq) {
        return word.isWord("-") || word.isWord("+") ? null : parse(word, missingSeq);
    }

    /** An id; {@code -} and {@code +} are the least and the greatest. Null where the word is none. */
    static @Nullable StreamId parse(Slice word, long missingSeq) {
        if (word.length() > MAX_LENGTH) {
            return null;
        }
        if (word.isWord("-")) {
            return StreamId.MIN;
        }
        if (word.isWord("+")) {
            return StreamId.MAX;
        }
        int end = endOf(word);
        int dash = dashIn(word, end);
        Long ms = number(word, 0, dash);
        Long seq = dash == end ? Long.valueOf(missingSeq) : number(word, dash + 1, end);
        return ms == null || seq == null ? null : new StreamId(ms, seq);
    }

    /** The milliseconds of an id of the form {@code ms-*}, as an id with 0 behind; null where the word is not of that form. */
    static @Nullable StreamId parseOpenId(Slice word) {
        int end = endOf(word);
        int dash = dashIn(word, end);
        if (word.length() > MAX_LENGTH || dash != end - 2 || word.at(dash + 1) != '*') {
            return null;
        }
        Long ms = number(word, 0, dash);
        return ms == null ? null : new StreamId(ms, 0);
    }

    /** Valkey reads an id as a C string: it ends at the first zero byte. */
    private static int endOf(Slice word) {
        int end = 0;
        while (end < word.length() && word.at(end) != 0) {
            end++;
        }
        return end;
    }

    private static int dashIn(Slice word, int end) {
        int dash = 0;
        while (dash < end && word.at(dash) != '-') {
            dash++;
        }
        return dash;
    }

    /**
     * An unsigned number as {@code strtoull} reads it: spaces and a sign may stand in front, and zeros; a minus that does not
     * make a plain negative number wraps around. Null where there is none.
     */
    private static @Nullable Long number(Slice word, int from, int to) {
        int at = from;
        while (at < to && (word.at(at) == ' ' || word.at(at) >= '\t' && word.at(at) <= '\r')) {
            at++;
        }
        boolean negative = at < to && word.at(at) == '-';
        if (negative || at < to && word.at(at) == '+') {
            at++;
        }
        if (at == to || negative && at == from + 1 && word.at(at) != '0') {
            return null;
        }
        long value = 0;
        for (; at < to; at++) {
            int digit = word.at(at) - '0';
            if (digit < 0 || digit > 9 || Long.compareUnsigned(value, MAX_TENTH) > 0) {
                return null;
            }
            long next = value * 10 + digit;
            if (Long.compareUnsigned(next, value * 10) < 0) {
                return null;
            }
            value = next;
        }
        return negative ? -value : value;
    }

    /** The first id of an interval; a bracket in front leaves out the id itself. */
    static StreamId start(Call call, int index) {
        Slice word = call.arg(index);
        if (word.length() > 1 && word.at(0) == '(') {
            StreamId next = afterBracket(word, 0).next();
            if (next == null) {
                throw new CommandException("ERR invalid start ID for the interval");
            }
            return next;
        }
        return orInvalid(parse(word, 0));
    }

    /** The last id of an interval; a bracket in front leaves out the id itself. */
    static StreamId end(Call call, int index) {
        Slice word = call.arg(index);
        if (word.length() > 1 && word.at(0) == '(') {
            StreamId previous = afterBracket(word, -1).previous();
            if (previous == null) {
                throw new CommandException("ERR invalid end ID for the interval");
            }
            return previous;
        }
        return orInvalid(parse(word, -1));
    }

    private static StreamId afterBracket(Slice word, long missingSeq) {
        return orInvalid(parseStrict(new Slice(word.array(), word.offset() + 1, word.length() - 1), missingSeq));
    }

    private static StreamId orInvalid(@Nullable StreamId id) {
        if (id == null) {
            throw invalidId();
        }
        return id;
    }
}
