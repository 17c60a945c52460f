package dev.holdfast.engine.base;

import java.util.Arrays;

/**
 * Describes what code of the application has thrown. An exception is the application's code too: its message may throw, be null or
 * be very long. Nothing here throws.
 */
public final class Thrown {
    /** The most characters of a description. */
    private static final int LONGEST = 1000;

    /** How many causes are looked at before a chain is taken to be without end. */
    private static final int DEEPEST = 100;

    private Thrown() {}

    /** The name of its class and its message, cut to 1,000 characters. */
    @SuppressWarnings("CatchingUnchecked") // Whatever the application's code throws.
    public static String text(Throwable thrown) {
        String text;
        try {
            text = String.valueOf(thrown);
        } catch (Throwable e) {
            text = thrown.getClass().getName();
        }
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
    }

    /** The same exception if a logger can show it, else one with its {@linkplain #text text} and its stack trace. */
    public static Throwable loggable(Throwable thrown) {
        try {
            Throwable each = thrown;
            for (int depth = 0; each != null && depth < DEEPEST; depth++) {
                describe(each);
                Arrays.stream(each.getSuppressed()).forEach(Thrown::describe);
                each = each.getCause();
            }
            return thrown;
        } catch (Throwable e) {
            RuntimeException shown = new RuntimeException(text(thrown));
            try {
                shown.setStackTrace(thrown.getStackTrace());
            } catch (Throwable again) {
                shown.addSuppressed(new IllegalStateException("the exception has no stack trace"));
            }
            return shown;
        }
    }

    /** Asks an exception for all that a logger asks it for. */
    private static int describe(Throwable thrown) {
        return String.valueOf(thrown).length()
                + String.valueOf(thrown.getMessage()).length()
                + thrown.getStackTrace().length;
    }
}
