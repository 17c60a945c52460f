package dev.holdfast.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.junit.HoldfastTest;
import dev.holdfast.junit.TestStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.ExternalTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The prompt, typed at through a pseudo-terminal. */
@HoldfastTest
class PromptTest {
    private static final String ESCAPES = "\u001b(\\[[0-9;?]*[a-zA-Z]|[=>])";

    @TempDir
    private Path directory;

    /** What the terminal has shown, without colours and movements, once everything has been typed. */
    private String type(TestStore store, String keys) throws IOException {
        ByteArrayOutputStream screen = new ByteArrayOutputStream();
        try (PipedInputStream in = new PipedInputStream(1 << 16);
                PipedOutputStream keyboard = new PipedOutputStream(in);
                ServerSession session =
                        new ServerSession(ServerAddress.of(store.uri().toString()), push -> {});
                Terminal terminal = new ExternalTerminal("test", "xterm", in, screen, StandardCharsets.UTF_8)) {
            terminal.setSize(Size.of(200, 50));
            keyboard.write((keys + "quit\r").getBytes(StandardCharsets.UTF_8));
            keyboard.flush();
            new Prompt(session, AnswerPrinter.PEOPLE).run(terminal, directory.resolve("history"));
        }
        return screen.toString(StandardCharsets.UTF_8).replaceAll(ESCAPES, "");
    }

    @Test
    void commandsAreRunAndTheirAnswersShown(TestStore store) throws IOException {
        String screen = type(store, "SET greeting hello\rget greeting\rSELECT 3\rMULTI\r");
        assertEquals("hello", store.holdfast().get("greeting"));
        assertTrue(screen.contains("\"hello\""), screen);
        assertTrue(screen.contains("127.0.0.1:" + store.port() + "[3](TX)> "), screen);
    }

    @Test
    void namesAndKeysAreCompleted(TestStore store) throws IOException {
        store.holdfast().set("a-long-name", "hello");
        String screen = type(store, "GETRA\ta-lo\t0 1\rpeek a-l\t\r");
        assertTrue(screen.contains("\"he\""), screen);
        assertTrue(screen.contains("string, embstr"), screen);
    }

    @Test
    void whatMayFollowIsHintedAt(TestStore store) throws IOException {
        String screen = type(store, "SETRANGE k \u0015");
        assertTrue(screen.contains("offset value"), screen);
    }

    @Test
    void passwordsAreNotKept(TestStore store) throws IOException {
        type(store, "AUTH a-password\rPING\r");
        String history = Files.readString(directory.resolve("history"));
        assertFalse(history.contains("a-password"), history);
        assertTrue(history.contains("PING"), history);
    }

    @Test
    void aLostConnectionIsMadeAgain(TestStore store) throws IOException {
        String screen = type(store, "CLIENT KILL TYPE normal SKIPME no\rPING\rPING\r");
        assertTrue(screen.contains("connected again"), screen);
        assertTrue(screen.contains("PONG"), screen);
    }
}
