package dev.holdfast.engine.lua;

/** The names of pieces of source, which begin with a mark: {@code @} for a file, {@code =} for a name, else the source itself. */
final class Chunks {
    private static final int MAX_SHOWN = 60;

    /** Errors of the compiler show more of it. */
    static final int MAX_SHOWN_BY_COMPILER = 80;

    private Chunks() {}

    /** A chunk's name as messages of running programs show it. */
    static String shown(String chunk) {
        return shown(chunk, MAX_SHOWN);
    }

    /** A chunk's name in so many characters, the end of C's string included. */
    static String shown(String chunk, int size) {
        if (chunk.startsWith("=")) {
            return chunk.length() > size ? chunk.substring(1, size) : chunk.substring(1);
        }
        if (chunk.startsWith("@")) {
            int most = size - 5;
            return chunk.length() - 1 > most ? "..." + chunk.substring(chunk.length() - most) : chunk.substring(1);
        }
        int end = chunk.indexOf('\n');
        int carriageReturn = chunk.indexOf('\r');
        if (carriageReturn >= 0 && (end < 0 || carriageReturn < end)) {
            end = carriageReturn;
        }
        int most = size - (" [string \"...\"] ".length() + 1);
        int length = Math.min(end < 0 ? chunk.length() : end, most);
        return "[string \"" + chunk.substring(0, length) + (length < chunk.length() ? "..." : "") + "\"]";
    }
}
