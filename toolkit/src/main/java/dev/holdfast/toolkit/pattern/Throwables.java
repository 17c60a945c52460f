package dev.holdfast.toolkit.pattern;

/** What user code has thrown, as text of limited length. Exceptions are user code, too: their methods may throw. */
public final class Throwables {
    private static final int MOST_TEXT = 500;
    private static final int MOST_TRACE = 4000;
    private static final int MOST_CAUSES = 5;

    private Throwables() {}

    /** The class and the message, up to 500 characters. */
    public static String describe(Throwable thrown) {
        String text;
        try {
            text = String.valueOf(thrown.toString());
        } catch (Throwable e) {
            text = thrown.getClass().getName() + ", which does not say why: its text throws "
                    + e.getClass().getName();
        }
        return cut(text, MOST_TEXT);
    }

    /** The stack trace with those of the causes, up to 4,000 characters. */
    public static String trace(Throwable thrown) {
        StringBuilder text = new StringBuilder();
        try {
            Throwable cause = thrown;
            for (int i = 0; cause != null && i < MOST_CAUSES && text.length() < MOST_TRACE; i++) {
                text.append(i == 0 ? "" : "Caused by: ").append(describe(cause)).append('\n');
                for (StackTraceElement frame : cause.getStackTrace()) {
                    if (text.length() > MOST_TRACE) {
                        break;
                    }
                    text.append("\tat ").append(frame).append('\n');
                }
                cause = cause.getCause();
            }
        } catch (Throwable e) {
            text.append("(the rest cannot be read)");
        }
        return cut(text.toString(), MOST_TRACE);
    }

    private static String cut(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        // Not between the halves of a character.
        int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
        return text.substring(0, end);
    }
}
