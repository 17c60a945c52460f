package dev.holdfast.server;

/** File modes as numbers and as letters. */
final class UnixMode {
    private UnixMode() {}

    /** The nine letters of a mode, such as {@code rwxr-x---} for 750. */
    static String show(int mode) {
        StringBuilder letters = new StringBuilder();
        for (int bit = 8; bit >= 0; bit--) {
            letters.append((mode >> bit & 1) == 0 ? '-' : "rwx".charAt((8 - bit) % 3));
        }
        return letters.toString();
    }
}
