package dev.holdfast.app.cli;

import java.io.Console;
import java.util.Optional;

/** Whether a person is there. */
final class Terminals {
    private Terminals() {}

    /** Whether both input and output are a terminal's. */
    static boolean isOne() {
        return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    }
}
