package dev.holdfast.conformance.access;

import dev.holdfast.conformance.access.Answer.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Answers as text, to be read and written by people:
 *
 * <pre>
 *   +OK              a simple string            nil    nil[]      null, and a null array
 *   -ERR no          an error                   #t     #f         truth
 *   42               an integer                 ,1.5              a double
 *   word  "a \x00"   a bulk string              =txt:"text"       a verbatim string
 *   [a b]            an array                   n"123"            a big number
 *   (a b)            an array in any order      ~(a b)            a set
 *   {k v}            a map                      >[a b]            a push
 *   _                anything
 * </pre>
 *
 * An error inside something else is quoted: {@code [1 -"ERR no"]}.
 */
public final class Notation {
    private final String text;
    private int at;

    private Notation(String text) {
        this.text = text;
    }

    /** Whether a bulk string may be written without quotes. */
    private static boolean isWord(String text) {
        return text.matches("[A-Za-z/*][A-Za-z0-9_.:/@*-]*") && !text.equals("nil");
    }

    public static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> quoted.append('\\').append(c);
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> {
                    if (c < ' ' || c > '~') {
                        quoted.append("\\x%02x".formatted((int) c));
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }

    static String show(Answer answer) {
        return answer.isError() && !answer.text().endsWith(" ") ? "-" + answer.text() : inner(answer);
    }

    private static String inner(Answer answer) {
        String text = answer.text();
        return switch (answer.kind()) {
            case SIMPLE -> isWord(text) ? "+" + text : "+" + quote(text);
            case ERROR -> "-" + quote(text);
            case INTEGER -> text;
            case BULK -> isWord(text) ? text : quote(text);
            case NIL -> "nil";
            case NIL_ARRAY -> "nil[]";
            case ARRAY -> answer.unordered() ? all("(", answer, ")") : all("[", answer, "]");
            case SET -> all("~(", answer, ")");
            case MAP -> all("{", answer, "}");
            case PUSH -> all(">[", answer, "]");
            case DOUBLE -> "," + text;
            case BOOLEAN -> "#" + text;
            case VERBATIM -> "=txt:" + quote(text);
            case BIG_NUMBER -> "n" + quote(text);
            case ANY -> "_";
        };
    }

    private static String all(String open, Answer answer, String close) {
        return answer.parts().stream().map(Notation::inner).collect(Collectors.joining(" ", open, close));
    }

    /** Reads what {@link #show} has written, or what somebody has typed. */
    public static Answer parse(String text) {
        if (text.startsWith("-") && text.length() > 1 && Character.isUpperCase(text.charAt(1))) {
            return Answer.of(Kind.ERROR, text.substring(1));
        }
        Notation notation = new Notation(text);
        Answer answer = notation.one();
        notation.space();
        if (notation.at < text.length()) {
            throw new IllegalArgumentException("more than one answer: " + text);
        }
        return answer;
    }

    private void space() {
        while (at < text.length() && text.charAt(at) == ' ') {
            at++;
        }
    }

    private boolean skip(String prefix) {
        boolean found = text.startsWith(prefix, at);
        at += found ? prefix.length() : 0;
        return found;
    }

    private Answer one() {
        space();
        if (skip("nil[]")) {
            return Answer.of(Kind.NIL_ARRAY, "");
        }
        if (skip("~(")) {
            return Answer.of(Kind.SET, until(")"));
        }
        if (skip(">[")) {
            return Answer.of(Kind.PUSH, until("]"));
        }
        if (skip("[")) {
            return Answer.of(Kind.ARRAY, until("]"));
        }
        if (skip("(")) {
            return Answer.of(Kind.ARRAY, until(")")).inAnyOrder();
        }
        if (skip("{")) {
            return Answer.of(Kind.MAP, until("}"));
        }
        if (skip("+")) {
            return Answer.of(Kind.SIMPLE, word());
        }
        if (skip("-\"")) {
            at--;
            return Answer.of(Kind.ERROR, word());
        }
        if (skip(",")) {
            return Answer.of(Kind.DOUBLE, word());
        }
        if (skip("#")) {
            return Answer.of(Kind.BOOLEAN, word());
        }
        if (skip("=txt:")) {
            return Answer.of(Kind.VERBATIM, word());
        }
        if (skip("n\"")) {
            at--;
            return Answer.of(Kind.BIG_NUMBER, word());
        }
        if (at < text.length() && text.charAt(at) == '"') {
            return Answer.bulk(word());
        }
        String word = word();
        if (word.equals("_")) {
            return Answer.of(Kind.ANY, "");
        }
        if (word.equals("nil")) {
            return Answer.NIL;
        }
        return word.matches("-?[0-9]+") ? Answer.of(Kind.INTEGER, word) : Answer.bulk(word);
    }

    private List<Answer> until(String close) {
        List<Answer> parts = new ArrayList<>();
        space();
        while (!skip(close)) {
            if (at >= text.length()) {
                throw new IllegalArgumentException("no " + close + " in: " + text);
            }
            parts.add(one());
            space();
        }
        return parts;
    }

    /** A word, or a quoted text. */
    private String word() {
        int start = at;
        if (!skip("\"")) {
            while (at < text.length() && " ])}".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            if (at == start) {
                throw new IllegalArgumentException("nothing at " + start + " of: " + text);
            }
            return text.substring(start, at);
        }
        StringBuilder word = new StringBuilder();
        while (text.charAt(at) != '"') {
            char c = text.charAt(at++);
            if (c != '\\') {
                word.append(c);
                continue;
            }
            char escaped = text.charAt(at++);
            switch (Character.toLowerCase(escaped)) {
                case 'n' -> word.append('\n');
                case 'r' -> word.append('\r');
                case 't' -> word.append('\t');
                case 'x' -> {
                    word.append((char) Integer.parseInt(text.substring(at, at + 2), 16));
                    at += 2;
                }
                default -> word.append(escaped);
            }
        }
        at++;
        return word.toString();
    }

    /** A command as one line. */
    public static String command(List<String> words) {
        return words.stream()
                .map(word -> word.matches("[A-Za-z0-9_.:*(\\[+-]+") ? word : quote(word))
                .collect(Collectors.joining(" "));
    }
}
