package dev.holdfast.app.cli;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Shows answers: for people as valkey-cli does, bare for programs, or as JSON. */
enum AnswerPrinter {
    PEOPLE {
        @Override
        byte[] print(Answer answer) {
            StringBuilder out = new StringBuilder();
            forPeople(answer, "", out);
            return utf8(out.toString());
        }
    },
    RAW {
        @Override
        byte[] print(Answer answer) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            raw(answer, out);
            return out.toByteArray();
        }
    },
    JSON {
        @Override
        byte[] print(Answer answer) {
            return utf8(MAPPER.writeValueAsString(plain(answer)) + "\n");
        }
    };

    private static final JsonMapper MAPPER = new JsonMapper();

    /** The answer as it is shown, to the end of its last line. */
    abstract byte[] print(Answer answer);

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Any value of Java as JSON for people and programs. */
    static String json(Object value) {
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
    }

    private static void forPeople(Answer answer, String indent, StringBuilder out) {
        switch (answer) {
            case Answer.Row(Answer.Kind kind, List<Answer> elements) -> {
                if (elements.isEmpty()) {
                    out.append(kind.empty).append('\n');
                }
                int width = Integer.toString(elements.size()).length();
                String deeper = indent + " ".repeat(width + 2);
                for (int i = 0; i < elements.size(); i++) {
                    out.append(i == 0 ? "" : indent)
                            .append(number(i + 1, width))
                            .append(kind.mark)
                            .append(' ');
                    forPeople(elements.get(i), deeper, out);
                }
            }
            case Answer.Pairs(List<Map.Entry<Answer, Answer>> entries) -> {
                if (entries.isEmpty()) {
                    out.append("(empty hash)\n");
                }
                int width = Integer.toString(entries.size()).length();
                String deeper = indent + " ".repeat(width + 2);
                for (int i = 0; i < entries.size(); i++) {
                    out.append(i == 0 ? "" : indent)
                            .append(number(i + 1, width))
                            .append("# ");
                    forPeople(entries.get(i).getKey(), deeper, out);
                    out.setLength(out.length() - 1);
                    out.append(" => ");
                    forPeople(entries.get(i).getValue(), deeper, out);
                }
            }
            case Answer.Bulk bulk
            when bulk.isReport() -> {
                out.append(bulk.text());
                if (!bulk.text().endsWith("\n")) {
                    out.append('\n');
                }
            }
            default -> out.append(oneLine(answer)).append('\n');
        }
    }

    private static String number(int number, int width) {
        String digits = Integer.toString(number);
        return " ".repeat(width - digits.length()) + digits;
    }

    private static String oneLine(Answer answer) {
        return switch (answer) {
            case Answer.Bulk bulk -> quoted(bulk.bytes());
            case Answer.Failure failure -> "(error) " + failure.message();
            case Answer.Whole whole -> "(integer) " + whole.number();
            case Answer.Digits digits -> (digits.real() ? "(double) " : "(big number) ") + digits.digits();
            case Answer.Flag flag -> flag.on() ? "(true)" : "(false)";
            case Answer.Null nothing -> "(nil)";
            default -> answer.asText();
        };
    }

    /** In double quotes as the prompt reads them, where text that is UTF-8 stays legible. */
    static String quoted(byte[] bytes) {
        String text = textOrNull(bytes);
        StringBuilder out = new StringBuilder("\"");
        if (text == null) {
            for (byte b : bytes) {
                character((char) (b & 0xff), b < ' ' || b == 127, out);
            }
        } else {
            text.chars().forEach(c -> character((char) c, c < ' ' || c == 127, out));
        }
        return out.append('"').toString();
    }

    private static void character(char c, boolean asNumber, StringBuilder out) {
        switch (c) {
            case '"', '\\' -> out.append('\\').append(c);
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case 7 -> out.append("\\a");
            case '\b' -> out.append("\\b");
            default -> {
                if (asNumber) {
                    out.append("\\x%02x".formatted((int) c));
                } else {
                    out.append(c);
                }
            }
        }
    }

    private static @Nullable String textOrNull(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static void raw(Answer answer, ByteArrayOutputStream out) {
        if (answer instanceof Answer.Row || answer instanceof Answer.Pairs) {
            answer.asList().forEach(element -> raw(element, out));
        } else {
            out.writeBytes(answer instanceof Answer.Bulk bulk ? bulk.bytes() : utf8(answer.asText()));
            out.write('\n');
        }
    }

    /** As Jackson writes it. Keys of maps are text. */
    private static @Nullable Object plain(Answer answer) {
        return switch (answer) {
            case Answer.Null nothing -> null;
            case Answer.Whole whole -> whole.number();
            case Answer.Flag flag -> flag.on();
            case Answer.Digits digits -> number(digits);
            case Answer.Failure failure -> Map.of("error", failure.message());
            case Answer.Row row -> {
                List<@Nullable Object> elements = new ArrayList<>();
                row.elements().forEach(element -> elements.add(plain(element)));
                yield elements;
            }
            case Answer.Pairs pairs -> {
                Map<String, @Nullable Object> fields = new LinkedHashMap<>();
                pairs.entries().forEach(pair -> fields.put(pair.getKey().asText(), plain(pair.getValue())));
                yield fields;
            }
            default -> answer.asText();
        };
    }

    /** JSON has no infinities. */
    private static Object number(Answer.Digits digits) {
        try {
            return new BigDecimal(digits.digits());
        } catch (NumberFormatException e) {
            return digits.digits();
        }
    }
}
