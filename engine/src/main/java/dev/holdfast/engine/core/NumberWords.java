package dev.holdfast.engine.core;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.LongDouble;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;

/** Words of commands read as numbers; a word that is none is an error in Valkey's text. */
final class NumberWords {
    private NumberWords() {}

    static long toLong(Slice word) {
        if (!Numbers.isLong(word)) {
            throw CommandException.notInteger();
        }
        return Numbers.toLong(word);
    }

    private static long toLong(Slice word, String message) {
        if (!Numbers.isLong(word)) {
            throw new CommandException(message);
        }
        return Numbers.toLong(word);
    }

    static long toLong(Slice word, long min, long max, String message) {
        long value = toLong(word, message);
        if (value < min || value > max) {
            throw new CommandException(message);
        }
        return value;
    }

    static double toDouble(Slice word, String message) {
        double value = Doubles.parse(word.array(), word.offset(), word.length());
        if (Double.isNaN(value)) {
            throw new CommandException(message);
        }
        return value;
    }

    /** The number of one of so many databases. */
    static int toDatabase(Slice word, int databases) {
        long number = toLong(word);
        if (number != (int) number) {
            throw new CommandException(
                    "ERR value is out of range, value must between " + Integer.MIN_VALUE + " and " + Integer.MAX_VALUE);
        }
        if (number < 0 || number >= databases) {
            throw new CommandException("ERR DB index is out of range");
        }
        return (int) number;
    }

    /** A time to wait in seconds with a fraction, as milliseconds; 0 means for ever. */
    static long toTimeout(Slice word, long nowMillis) {
        double seconds = Doubles.parse(word.array(), word.offset(), word.length());
        if (Double.isNaN(seconds)) {
            // Valkey reads a long double, so that a number beyond a double's range is a number still.
            LongDouble number = LongDouble.parse(word);
            if (number == null) {
                throw new CommandException("ERR timeout is not a float or out of range");
            }
            seconds = number.toDouble();
        }
        double millis = Math.ceil(seconds * 1000);
        if (millis > Long.MAX_VALUE - (double) nowMillis) {
            throw new CommandException("ERR timeout is out of range");
        }
        if (millis < 0) {
            throw new CommandException("ERR timeout is negative");
        }
        return (long) millis;
    }
}
