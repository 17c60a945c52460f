package dev.holdfast.conformance.random;

import dev.holdfast.engine.catalog.CommandGroup;
import java.util.List;
import java.util.Random;

/**
 * Words for the arguments of commands, by the names that the declarations give them: few enough that commands meet each other's
 * keys and members, with an edge case now and then.
 */
final class Values {
    /** Far enough that nothing expires while commands run. */
    private static final long FAR_SECONDS = 100_000;

    private static final String LONG_TEXT = "long-".repeat(14);

    private static final List<String> TEXTS =
            List.of("a", "b", "c", "foo", "hello world", "", "\0\r\n\u00ff", LONG_TEXT);
    private static final List<String> NUMBERS = List.of("0", "1", "2", "3", "10", "-1", "-5", "123456", "007");
    private static final List<String> EDGES = List.of(
            "9223372036854775807",
            "-9223372036854775808",
            "9223372036854775808",
            "4294967296",
            "-2147483649",
            "x",
            "",
            "1.5",
            " 1");
    private static final List<String> REALS =
            List.of("0", "1", "-1", "1.5", "3", "2", "2", "0.1", "-2.25", "1e3", "3.0e-2", "100000000000000000000");
    private static final List<String> ODD_REALS = List.of("inf", "-inf", "+inf", "nan", "x", "", "1e400", "0x10", "-0");
    private static final List<String> NO_INTEGERS = List.of("x", "1.5", "9223372036854775808");
    private static final List<String> TYPE_NAMES =
            List.of("string", "list", "hash", "set", "zset", "stream", "nonsense");
    private static final List<String> PATTERNS = List.of("*", "a*", "?", "[a-f]*", "*1", "set*", "f[^1]", "\\*", "");
    private static final List<CommandGroup> TYPES = List.of(
            CommandGroup.STRING,
            CommandGroup.LIST,
            CommandGroup.HASH,
            CommandGroup.SET,
            CommandGroup.SORTED_SET,
            CommandGroup.STREAM,
            CommandGroup.BITMAP,
            CommandGroup.HYPERLOGLOG,
            CommandGroup.GEO);
    private static final List<String> ENCODINGS =
            List.of("u1", "u8", "i8", "i5", "u13", "u63", "i64", "i63", "u64", "i0", "x8", "");
    private static final List<String> BIT_OFFSETS = List.of("-1", "x", "4294967296", "#1", "#7", "#x");
    private static final List<String> ODD_IDS = List.of(
            "0",
            "0-0",
            "0-1",
            "-",
            "x",
            "",
            "1-x",
            "18446744073709551615-18446744073709551615",
            "18446744073709551616");
    private static final List<String> PATTERNS_OF_KEYS =
            List.of("str*", "hash*->f1", "nosort", "*", "#", "hash*->", "none*", "bit*");
    private static final List<String> PLACES =
            List.of("0", "13.361389", "38.115556", "15.087269", "37.502669", "-10", "12.5", "14", "-77.03", "80");

    private final Random random;
    private long lastEntry;
    private final List<String> edges;
    private final List<String> oddReals;
    private final List<String> types;
    private final boolean negativeOffsets;

    /** @param version of the real server: an old one takes words for numbers, or indices for others, that 9.1 does not */
    Values(Random random, int version) {
        this.random = random;
        this.edges = known(version >= KnownDifferences.INDICES ? EDGES : NO_INTEGERS, version);
        this.oddReals = known(ODD_REALS, version);
        this.negativeOffsets = version >= KnownDifferences.INDICES;
        this.types = version >= KnownDifferences.INDICES ? TYPE_NAMES : TYPE_NAMES.subList(0, 5);
    }

    private static List<String> known(List<String> words, int version) {
        return version >= KnownDifferences.NEWEST
                ? words
                : words.stream()
                        .filter(word -> !KnownDifferences.NO_LONGER_NUMBERS.contains(word))
                        .toList();
    }

    boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    <T> T oneOf(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    /** A word for an argument of a command. */
    String word(String command, CommandGroup group, String name) {
        if (group == CommandGroup.BITMAP && name.equals("value")) {
            return command.equals("setbit") && !oneIn(20) ? Integer.toString(random.nextInt(2)) : integer();
        }
        if (group == CommandGroup.STREAM && (name.equals("start") || name.equals("end"))) {
            return rangeId();
        }
        return switch (name) {
            case "key", "key1", "key2", "source", "destination", "src", "dst", "newkey", "destkey", "sourcekey" ->
                key(command, group);
            case "member", "element", "pivot", "member1", "member2" -> member();
            case "=", "~", "$" -> name;
            case "*", "id" -> command.equals("xadd") ? nextId() : id(command);
            case "last-id", "max-deleted-id", "lastid" -> id(command);
            case "group" -> oneIn(20) ? oneOf(TEXTS) : oneIn(4) ? "g2" : "g1";
            case "consumer" -> oneIn(20) ? oneOf(TEXTS) : oneIn(3) ? "c2" : "c1";
            case "threshold" ->
                oneIn(10) ? oneOf(edges) : oneIn(4) ? id(command) : Integer.toString(random.nextInt(12));
            case "entries-added", "entries-read" -> oneIn(8) ? oneOf(edges) : Integer.toString(random.nextInt(30) - 1);
            case "min-idle-time", "ms" -> oneIn(10) ? oneOf(edges) : oneIn(3) ? "100000000" : "0";
            case "bit" -> oneIn(10) ? oneOf(edges) : Integer.toString(random.nextInt(2));
            case "encoding" -> oneOf(ENCODINGS);
            case "subcommand" -> oneOf(List.of("DECODE", "encoding", "TODENSE", "nonsense"));
            case "longitude", "latitude" -> oneIn(15) ? oneOf(oddReals) : oneOf(PLACES);
            case "radius", "width", "height" ->
                oneIn(15)
                        ? oneOf(oddReals)
                        : oneOf(List.of("0", "1", "150", "400.5", "2000", "20000", "100000", "1e7"));
            case "num-vertices" -> oneIn(10) ? oneOf(edges) : oneOf(List.of("1", "2", "3", "3", "4"));
            case "field" -> oneIn(30) ? oneOf(TEXTS) : "f" + (1 + random.nextInt(6));
            case "value", "comparison-value" -> oneIn(2) ? oneOf(NUMBERS) : oneOf(TEXTS);
            case "score", "weight" -> real();
            case "increment", "decrement" ->
                command.endsWith("float") || group == CommandGroup.SORTED_SET ? real() : integer();
            case "min", "max", "start", "stop" -> bound(command);
            case "pattern" -> oneOf(command.startsWith("sort") ? PATTERNS_OF_KEYS : PATTERNS);
            case "cursor" -> oneIn(20) ? oneOf(edges) : "0";
            case "count", "limit", "num-matches", "len", "rank", "min-match-len", "index", "end" -> count(command);
            case "offset" -> offset(command);
            case "seconds" -> time(FAR_SECONDS);
            case "milliseconds" -> time(FAR_SECONDS * 1000);
            case "unix-time-seconds" -> time(System.currentTimeMillis() / 86_400_000 * 86_400 + 10 * FAR_SECONDS);
            case "unix-time-milliseconds" ->
                time((System.currentTimeMillis() / 86_400_000 * 86_400 + 10 * FAR_SECONDS) * 1000);
            case "timeout" -> oneIn(10) ? oneOf(List.of("-1", "x", "1e400", "0.1")) : "0";
            case "db", "destination-db" -> oneIn(10) ? oneOf(List.of("99", "-1", "x")) : oneIn(3) ? "0" : "1";
            case "type" -> oneOf(types);
            default -> throw new IllegalStateException("no values are known for " + name + " of " + command);
        };
    }

    /** A key that mostly holds what commands of the group want. */
    private String key(String command, CommandGroup group) {
        if (oneIn(40)) {
            return oneOf(List.of("none", "", "k\r\n\0"));
        }
        CommandGroup type = TYPES.contains(group) && !oneIn(12) ? group : oneOf(TYPES);
        if (command.startsWith("sort")) {
            type = oneOf(List.of(CommandGroup.LIST, CommandGroup.SET, CommandGroup.SORTED_SET));
        }
        if (command.startsWith("z") && oneIn(8)) {
            type = CommandGroup.SET;
        }
        return switch (type) {
                    case STRING -> "str";
                    case LIST -> "list";
                    case HASH -> "hash";
                    case SET -> "set";
                    case STREAM -> "stream";
                    case BITMAP -> "bit";
                    case HYPERLOGLOG -> "hll";
                    case GEO -> "geo";
                    default -> "zset";
                }
                + (1 + random.nextInt(3));
    }

    private String member() {
        if (oneIn(25)) {
            return oneOf(TEXTS);
        }
        return oneIn(2) ? oneOf(NUMBERS) : String.valueOf((char) ('a' + random.nextInt(8)));
    }

    private String integer() {
        return oneIn(8) ? oneOf(edges) : oneOf(NUMBERS);
    }

    private String real() {
        return oneIn(8) ? oneOf(oddReals) : oneOf(REALS);
    }

    /** The id of a new entry: mostly greater than all before, so that it is accepted. */
    private String nextId() {
        if (oneIn(15)) {
            return oneOf(ODD_IDS);
        }
        if (!oneIn(8)) {
            lastEntry += random.nextInt(3);
        }
        return oneIn(4) ? Long.toString(++lastEntry) : lastEntry + (oneIn(4) ? "-*" : "-" + random.nextInt(5));
    }

    private String id(String command) {
        if (command.equals("xreadgroup") && !oneIn(3)) {
            return ">";
        }
        if (command.equals("xread") && oneIn(4)) {
            return oneOf(List.of("$", "+"));
        }
        return oneIn(12) ? oneOf(ODD_IDS) : random.nextLong(lastEntry + 2) + (oneIn(2) ? "" : "-" + random.nextInt(5));
    }

    private String rangeId() {
        return switch (random.nextInt(8)) {
            case 0, 1 -> "-";
            case 2, 3 -> "+";
            case 4 -> "(" + id("");
            default -> id("");
        };
    }

    private String offset(String command) {
        if (command.equals("setbit") || command.equals("getbit") || command.startsWith("bitfield")) {
            return oneIn(10) ? oneOf(BIT_OFFSETS) : Integer.toString(random.nextInt(120));
        }
        if (!command.equals("setrange")) {
            return negativeOffsets ? count(command) : Integer.toString(random.nextInt(8));
        }
        return oneIn(10)
                ? oneOf(List.of("-1", "x", "536870912", "9223372036854775807"))
                : Integer.toString(random.nextInt(300));
    }

    /** A random command that is asked for billions of members would answer them. */
    private String count(String command) {
        if (command.contains("rand")) {
            return oneIn(10)
                    ? oneOf(List.of("x", "-9223372036854775808", "9223372036854775807"))
                    : "" + (random.nextInt(20) - 10);
        }
        return oneIn(12) ? oneOf(edges) : Integer.toString(random.nextInt(12) - 4);
    }

    /** The end of a range: of ranks, scores or words. */
    private String bound(String command) {
        boolean words = command.contains("lex");
        boolean any = command.equals("zrange") || command.equals("zrangestore");
        int kind = any ? random.nextInt(3) : words ? 2 : command.contains("score") || command.equals("zcount") ? 1 : 0;
        return switch (kind) {
            case 0 -> count(command);
            case 1 -> (oneIn(3) ? "(" : "") + real();
            default -> oneIn(4) ? oneOf(List.of("-", "+", "a", "", "(")) : (oneIn(2) ? "[" : "(") + member();
        };
    }

    /** A time to live, or a time: far away, past, or impossible. */
    private String time(long far) {
        return switch (random.nextInt(12)) {
            case 0 -> "0";
            case 1 -> "-1";
            case 2 -> oneOf(edges);
            case 3 -> "9223372036854775";
            // No two alike: which of them comes first would depend on the millisecond.
            default -> Long.toString(far + far / 100_000 * random.nextInt(100_000));
        };
    }
}
