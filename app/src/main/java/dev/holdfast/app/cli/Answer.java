package dev.holdfast.app.cli;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What a server answered, as RESP3 tells it. */
sealed interface Answer {
    /** A string. */
    final class Bulk implements Answer {
        private final byte[] bytes;
        private final boolean report;

        /** @param report whether it is text for people, perhaps of several lines */
        Bulk(byte[] bytes, boolean report) {
            this.bytes = bytes;
            this.report = report;
        }

        byte[] bytes() {
            return bytes;
        }

        boolean isReport() {
            return report;
        }

        String text() {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /** A simple string, such as OK. */
    record Status(String text) implements Answer {}

    record Failure(String message) implements Answer {}

    record Whole(long number) implements Answer {}

    /** A real or a big number, in its digits. */
    record Digits(String digits, boolean real) implements Answer {}

    record Flag(boolean on) implements Answer {}

    record Null() implements Answer {}

    /** What elements in a row are. */
    enum Kind {
        ARRAY(')', "(empty array)"),
        SET('~', "(empty set)"),
        PUSH(')', "(empty push)");

        final char mark;
        final String empty;

        Kind(char mark, String empty) {
            this.mark = mark;
            this.empty = empty;
        }
    }

    record Row(Kind kind, List<Answer> elements) implements Answer {}

    record Pairs(List<Map.Entry<Answer, Answer>> entries) implements Answer {}

    /** The text of a string, a status, or a number; else empty. */
    default String asText() {
        return switch (this) {
            case Bulk bulk -> bulk.text();
            case Status status -> status.text();
            case Failure failure -> failure.message();
            case Whole whole -> Long.toString(whole.number());
            case Digits digits -> digits.digits();
            case Flag flag -> flag.on() ? "true" : "false";
            case Null nothing -> "";
            case Row row -> "";
            case Pairs pairs -> "";
        };
    }

    /** The elements; of pairs, each key and value in turn; of anything else none. */
    default List<Answer> asList() {
        return switch (this) {
            case Row row -> row.elements();
            case Pairs pairs ->
                pairs.entries().stream()
                        .<Answer>mapMulti((pair, elements) -> {
                            elements.accept(pair.getKey());
                            elements.accept(pair.getValue());
                        })
                        .toList();
            default -> List.of();
        };
    }
}
