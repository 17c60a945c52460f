package dev.holdfast.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From the bytes of an answer to what is shown of it. */
class AnswerTest {
    private static final String NESTED = "*2\r\n*2\r\n:1\r\n%1\r\n+a\r\n,1.5\r\n~1\r\n$-1\r\n";

    private static Answer read(String bytes) throws IOException {
        return new AnswerReader(new ByteArrayInputStream(bytes.getBytes(StandardCharsets.ISO_8859_1))).read();
    }

    private static String shown(AnswerPrinter printer, String bytes) throws IOException {
        return new String(printer.print(read(bytes)), StandardCharsets.UTF_8);
    }

    @Test
    void peopleSeeWhatValkeyCliShows() throws IOException {
        assertEquals("OK\n", shown(AnswerPrinter.PEOPLE, "+OK\r\n"));
        assertEquals("(error) ERR no\n", shown(AnswerPrinter.PEOPLE, "-ERR no\r\n"));
        assertEquals("(error) ERR no\n", shown(AnswerPrinter.PEOPLE, "!6\r\nERR no\r\n"));
        assertEquals("(integer) -7\n", shown(AnswerPrinter.PEOPLE, ":-7\r\n"));
        assertEquals("(double) inf\n", shown(AnswerPrinter.PEOPLE, ",inf\r\n"));
        assertEquals("(true)\n", shown(AnswerPrinter.PEOPLE, "#t\r\n"));
        assertEquals("(nil)\n", shown(AnswerPrinter.PEOPLE, "_\r\n"));
        assertEquals("(nil)\n", shown(AnswerPrinter.PEOPLE, "*-1\r\n"));
        assertEquals("(empty array)\n", shown(AnswerPrinter.PEOPLE, "*0\r\n"));
        assertEquals("(empty set)\n", shown(AnswerPrinter.PEOPLE, "~0\r\n"));
        assertEquals("(empty hash)\n", shown(AnswerPrinter.PEOPLE, "%0\r\n"));
        assertEquals("line\n", shown(AnswerPrinter.PEOPLE, "=9\r\ntxt:line\n\r\n"));
        assertEquals(
                "1) 1) (integer) 1\n   2) 1# a => (double) 1.5\n2) 1~ (nil)\n", shown(AnswerPrinter.PEOPLE, NESTED));
    }

    @Test
    void longRowsAreAligned() throws IOException {
        String shown = shown(AnswerPrinter.PEOPLE, "*10\r\n" + ":1\r\n".repeat(10));
        assertEquals(" 1) (integer) 1", shown.lines().findFirst().orElseThrow());
        assertEquals("10) (integer) 1", shown.lines().toList().getLast());
    }

    @Test
    void textStaysLegibleAndBytesAreEscaped() throws IOException {
        assertEquals("\"a \\\"b\\\" \\n\\x01\"\n", shown(AnswerPrinter.PEOPLE, "$8\r\na \"b\" \n\u0001\r\n"));
        assertEquals("\"\u00fc\"\n", shown(AnswerPrinter.PEOPLE, "$2\r\n\u00c3\u00bc\r\n"));
        assertEquals("\"\\xff\\x00\"\n", shown(AnswerPrinter.PEOPLE, "$2\r\n\u00ff\u0000\r\n"));
    }

    @Test
    void programsGetBareLinesOrJson() throws IOException {
        assertEquals("1\na\n1.5\n\n", shown(AnswerPrinter.RAW, NESTED));
        assertEquals("[[1,{\"a\":1.5}],[null]]\n", shown(AnswerPrinter.JSON, NESTED));
        assertEquals("{\"error\":\"ERR no\"}\n", shown(AnswerPrinter.JSON, "-ERR no\r\n"));
        assertEquals("\"inf\"\n", shown(AnswerPrinter.JSON, ",inf\r\n"));
    }

    @Test
    void attributesAreReadOver() throws IOException {
        assertEquals("(integer) 1\n", shown(AnswerPrinter.PEOPLE, "|1\r\n+ttl\r\n:3\r\n:1\r\n"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "+OK",
                "HTTP/1.1 200 OK\r\n",
                "\r\n",
                "$-2\r\n",
                "*x\r\n",
                "$2000000000\r\nabc",
                "*2\r\n:1\r\n"
            })
    void whatIsNoAnswerIsAnError(String bytes) {
        assertThrows(IOException.class, () -> read(bytes));
    }

    @Test
    void nestingHasAnEnd() {
        assertThrows(IOException.class, () -> read("*1\r\n".repeat(10_000)));
    }
}
