package dev.holdfast.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Engine;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class WarmUpTest {
    /** A command that only failed would warm nothing. */
    @Test
    void itsCommandsDoWhatTheyAreThereFor() {
        try (Engine engine = AllCommands.engine(new Config(), Clock.SYSTEM)) {
            String answers = new String(WarmUp.run(engine), StandardCharsets.UTF_8);
            List<String> errors =
                    answers.lines().filter(line -> line.matches("-[A-Z].*")).toList();
            assertEquals(
                    List.of(
                            "-WRONGPASS invalid username-password pair or user is disabled.",
                            "-ERR unknown command 'NO-SUCH-COMMAND', with args beginning with: "),
                    errors);
            assertEquals(0, engine.clients().size(), "no one is left");
        }
    }
}
