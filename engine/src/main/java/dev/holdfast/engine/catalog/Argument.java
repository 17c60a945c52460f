package dev.holdfast.engine.catalog;

import java.util.ArrayList;
import java.util.List;

/**
 * An argument of a command, or several that belong together: what {@link CommandSpec#syntax} says, as a tree.
 *
 * @param kind what stands here
 * @param token the keyword that comes first, or nothing
 * @param name what the manual calls a value; of a block or a choice the name of its first part
 * @param parts of a block what follows one another, of a choice the alternatives
 * @param optional whether it may be left out
 * @param multiple whether it may be repeated
 * @param multipleToken whether the keyword is repeated too
 */
public record Argument(
        Kind kind,
        String token,
        String name,
        List<Argument> parts,
        boolean optional,
        boolean multiple,
        boolean multipleToken) {

    /** The ways in which words can stand for something. */
    public enum Kind {
        /** Any word that the caller chooses. */
        VALUE,
        /** A keyword alone. */
        TOKEN,
        /** Arguments one after the other. */
        BLOCK,
        /** One of several arguments. */
        ONE_OF
    }

    /** Reads a syntax such as {@code key <NX | XX> [LIMIT offset count] [member ...]}. */
    static List<Argument> parse(String syntax) {
        Parser parser =
                new Parser(syntax.replaceAll("([\\[\\]<>|])", " $1 ").trim().split("\\s+"));
        return syntax.isBlank() ? List.of() : parser.sequence();
    }

    private static Argument value(String token, String name) {
        return new Argument(Kind.VALUE, token, name, List.of(), false, false, false);
    }

    private static Argument block(String token, List<Argument> parts) {
        return new Argument(Kind.BLOCK, token, parts.getFirst().name, List.copyOf(parts), false, false, false);
    }

    private Argument asOptional() {
        return new Argument(kind, token, name, parts, true, multiple, multipleToken);
    }

    private Argument asMultiple(boolean withToken) {
        return new Argument(kind, token, name, parts, optional, true, withToken);
    }

    /** Goes through the words of a syntax once. */
    private static final class Parser {
        private final String[] words;
        private int next;

        Parser(String[] words) {
            this.words = words;
        }

        private String peek() {
            return next < words.length ? words[next] : "";
        }

        /** Arguments up to a bar or a closing bracket. */
        List<Argument> sequence() {
            List<Argument> arguments = new ArrayList<>();
            while (next < words.length) {
                String word = peek();
                switch (word) {
                    case "]", ">", "|" -> {
                        return arguments;
                    }
                    case "[" -> {
                        if (repeated() > 0) {
                            repeat(arguments, repeated());
                        } else {
                            arguments.add(choice("]").asOptional());
                        }
                    }
                    case "<" -> arguments.add(choice(">"));
                    case "..." -> {
                        next++;
                        arguments.set(arguments.size() - 1, arguments.getLast().asMultiple(false));
                    }
                    default -> arguments.add(word());
                }
                if (isCount(arguments.getLast())) {
                    Argument count = arguments.removeLast();
                    List<Argument> parts = new ArrayList<>(List.of(value("", count.name)));
                    parts.addAll(sequence());
                    arguments.add(block(count.token, parts));
                }
            }
            return arguments;
        }

        /** Whether an argument is a keyword with the number of what follows, as {@code FIELDS numfields}; it ends a command. */
        private static boolean isCount(Argument argument) {
            return argument.kind == Kind.VALUE && argument.name.equals("numfields") && !argument.token.isEmpty();
        }

        private Argument word() {
            String word = words[next++];
            if (!isToken(word)) {
                return value("", word);
            }
            if (!peek().isEmpty() && !isToken(peek()) && Character.isLetter(peek().charAt(0))) {
                return value(word, words[next++]);
            }
            if (peek().equals("<")) {
                Argument choice = choice(">");
                return new Argument(Kind.ONE_OF, word, choice.name, choice.parts, false, false, false);
            }
            return new Argument(Kind.TOKEN, word, word, List.of(), false, false, false);
        }

        private static boolean isToken(String word) {
            return word.chars().noneMatch(Character::isLowerCase) && Character.isLetter(word.charAt(0))
                    || word.equals("\"\"");
        }

        /** How many words the bracket that opens here encloses if it ends in dots, else 0. */
        private int repeated() {
            int at = next + 1;
            while (at < words.length && !words[at].equals("...")) {
                if (!Character.isLetter(words[at].charAt(0))) {
                    return 0;
                }
                at++;
            }
            return at < words.length ? at - next - 1 : 0;
        }

        /** Takes the last arguments, which a bracket with dots names again, for repeatable. */
        private void repeat(List<Argument> arguments, int count) {
            boolean withToken = isToken(words[next + 1]);
            next += count + 3;
            int values = withToken ? count - 1 : count;
            Argument last = arguments.getLast();
            if (values == 1) {
                arguments.set(arguments.size() - 1, last.asMultiple(withToken));
                return;
            }
            List<Argument> repeated = arguments.subList(arguments.size() - values, arguments.size());
            Argument block = (withToken ? one(repeated) : block("", repeated)).asMultiple(withToken);
            repeated.clear();
            arguments.add(block);
        }

        /** What stands between two brackets. */
        private Argument choice(String closing) {
            List<Argument> alternatives = new ArrayList<>();
            do {
                next++;
                alternatives.add(one(sequence()));
            } while (peek().equals("|"));
            if (!peek().equals(closing)) {
                throw new IllegalArgumentException("no " + closing + " in " + String.join(" ", words));
            }
            next++;
            if (alternatives.size() == 1) {
                return alternatives.getFirst();
            }
            return new Argument(
                    Kind.ONE_OF, "", alternatives.getFirst().name, List.copyOf(alternatives), false, false, false);
        }

        /** A sequence as one argument. A keyword at its front belongs to all of it. */
        private static Argument one(List<Argument> sequence) {
            Argument first = sequence.getFirst();
            if (sequence.size() == 1) {
                return first;
            }
            if (first.kind == Kind.VALUE && !first.token.isEmpty() && !first.optional && !first.multiple) {
                List<Argument> parts = new ArrayList<>(sequence);
                parts.set(0, value("", first.name));
                return block(first.token, parts);
            }
            return block("", sequence);
        }
    }
}
