package dev.holdfast.engine.lua;

/** The names of pieces of source, which begin with a mark: {@code @} for a file, {@code =} for a name, else the source itself. */
final class Chunks {
    private static final int MAX_SHOWN = 60;

    private Chunks() {}

    /** A chunk's name as messages show it. */
    static String shown(String chunk) {
        if (chunk.startsWith("=")) {
            return chunk.length() > MAX_SHOWN ? chunk.substring(1, MAX_SHOWN) : chunk.substring(1);
        }
        if (chunk.startsWith("@")) {
            int most = MAX_SHOWN - 5;
            return chunk.length() - 1 > most ? "..." + chunk.substring(chunk.length() - most) : chunk.substring(1);
        }
        int end = chunk.indexOf('\n');
        int carriageReturn = chunk.indexOf('\r');
        if (carriageReturn >= 0 && (end < 0 || carriageReturn < end)) {
            end = carriageReturn;
        }
        int most = MAX_SHOWN - "[string \"...\"]".length() - 1;
        int length = Math.min(end < 0 ? chunk.length() : end, most);
        return "[string \"" + chunk.substring(0, length) + (length < chunk.length() ? "..." : "") + "\"]";
    }
}
