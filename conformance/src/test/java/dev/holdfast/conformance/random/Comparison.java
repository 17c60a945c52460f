package dev.holdfast.conformance.random;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.Answer.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** When two answers to the same command are the same. */
final class Comparison {
    /** Answers whose order means nothing. */
    private static final Set<String> UNORDERED =
            Set.of("SMEMBERS", "SINTER", "SUNION", "SDIFF", "HKEYS", "HVALS", "HGETALL", "KEYS");

    /** Answers that are chosen at random: they must look alike. */
    private static final Set<String> RANDOM = Set.of("SPOP", "SRANDMEMBER", "HRANDFIELD", "ZRANDMEMBER", "RANDOMKEY");

    private static final Set<String> SCANS = Set.of("SCAN", "SSCAN", "HSCAN", "ZSCAN");

    /** Answers that count seconds or milliseconds; the two servers run a command at slightly different times. */
    private static final Set<String> TIMES = Set.of(
            "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME", "HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME", "IDLETIME");

    /** Fields of XINFO that two servers cannot have in common. */
    private static final Set<String> UNCOMPARED =
            Set.of("idle", "inactive", "seen-time", "active-time", "radix-tree-nodes");

    private static final Pattern LONG_NUMBER = Pattern.compile("[0-9.]{15,}(e\\+[0-9]+)?");

    /** Runs the command that its arguments are. */
    static final String SCRIPT = "return redis.call(unpack(ARGV))";

    private static final int SCRIPT_WORDS = 3;

    private static final long MOST_SECONDS_APART = 3;

    private Comparison() {}

    static boolean same(List<String> asked, Answer ours, Answer real) {
        if (ours.equals(real)) {
            return true;
        }
        List<String> command = withoutScript(asked);
        String name = name(command);
        if (ours.isError() || real.isError()) {
            return false;
        }
        if (RANDOM.contains(name)) {
            return shape(ours).equals(shape(real));
        }
        if (SCANS.contains(name)) {
            return sameScan(command, ours, real);
        }
        if (TIMES.contains(name)) {
            return nearlySame(
                    ours, real, name.contains("P") && !name.equals("EXPIRETIME") && !name.equals("HEXPIRETIME"));
        }
        if (UNORDERED.contains(name)) {
            int step = name.equals("HGETALL") ? 2 : 1;
            return ours.sorted(step).equals(real.sorted(step));
        }
        if (name.startsWith("SORT") && isOrderOpen(command)) {
            return ours.sorted(1).equals(real.sorted(1));
        }
        if (name.startsWith("X")) {
            return timeless(ours).equals(timeless(real));
        }
        if (nearlySameNumbers(ours, real)) {
            return true;
        }
        return ours.kind() == Kind.MAP
                && real.kind() == Kind.MAP
                && ours.sorted(2).equals(real.sorted(2));
    }

    /** Whether only doubles differ, in their last bits: distances on the earth, of which each library has its own sines. */
    private static boolean nearlySameNumbers(Answer ours, Answer real) {
        if (ours.kind() != real.kind() || ours.parts().size() != real.parts().size()) {
            return false;
        }
        for (int i = 0; i < ours.parts().size(); i++) {
            if (!nearlySameNumbers(ours.parts().get(i), real.parts().get(i))) {
                return false;
            }
        }
        return ours.text().equals(real.text())
                || LONG_NUMBER.matcher(ours.text()).matches()
                        && LONG_NUMBER.matcher(real.text()).matches()
                        && Math.abs(Double.parseDouble(ours.text()) / Double.parseDouble(real.text()) - 1) < 1e-13;
    }

    /** Whether SORT may answer in more than one order. */
    static boolean isOrderOpen(List<String> command) {
        int by = command.indexOf("BY");
        return by >= 0
                && by + 1 < command.size()
                && (!command.get(by + 1).contains("*") || command.stream().anyMatch("ALPHA"::equalsIgnoreCase));
    }

    /** What is known of a stream without its times, and without the number of nodes of Valkey's tree. */
    private static Answer timeless(Answer answer) {
        List<Answer> parts = new ArrayList<>();
        for (int i = 0; i < answer.parts().size(); i++) {
            Answer part = timeless(answer.parts().get(i));
            boolean time =
                    i > 0 && UNCOMPARED.contains(answer.parts().get(i - 1).text());
            // An entry that is pending: its id, whose it is, since when or how long, and how often it was delivered.
            boolean pending = i > 0
                    && i == answer.parts().size() - 2
                    && part.kind() == Kind.INTEGER
                    && answer.parts().getLast().kind() == Kind.INTEGER
                    && answer.parts().getFirst().kind() == Kind.BULK;
            boolean set = part.kind() == Kind.INTEGER && !part.text().startsWith("-");
            parts.add((time || pending) && set ? Answer.of(Kind.INTEGER, "0") : part);
        }
        Answer timeless = new Answer(answer.kind(), answer.text(), parts, false);
        return answer.kind() == Kind.MAP ? timeless.sorted(2) : timeless;
    }

    private static List<String> withoutScript(List<String> command) {
        boolean script = command.size() > SCRIPT_WORDS && command.get(1).equals(SCRIPT);
        return script ? command.subList(SCRIPT_WORDS, command.size()) : command;
    }

    /** The name of a command, or of the subcommand of OBJECT; where a script runs it, of what it runs. */
    static String name(List<String> asked) {
        List<String> command = withoutScript(asked);
        String name = command.getFirst().toUpperCase(Locale.ROOT);
        return name.equals("OBJECT") && command.size() > 1 ? command.get(1).toUpperCase(Locale.ROOT) : name;
    }

    /** Kinds and lengths, without what is in them. */
    private static String shape(Answer answer) {
        StringBuilder shape = new StringBuilder(answer.kind().toString());
        answer.parts().forEach(part -> shape.append('(').append(shape(part)).append(')'));
        return shape.toString();
    }

    /** Two scans are compared where both come to their end at once; else each side has a piece of its own. */
    private static boolean sameScan(List<String> command, Answer ours, Answer real) {
        Answer end = Answer.bulk("0");
        if (ours.parts().size() != 2 || real.parts().size() != 2) {
            return false;
        }
        if (!ours.parts().getFirst().equals(end) || !real.parts().getFirst().equals(end) || !command.contains("0")) {
            return ours.parts().getLast().kind() == real.parts().getLast().kind();
        }
        boolean pairs = name(command).equals("HSCAN") && command.stream().noneMatch("NOVALUES"::equalsIgnoreCase)
                || name(command).equals("ZSCAN") && command.stream().noneMatch("NOSCORES"::equalsIgnoreCase);
        int step = pairs ? 2 : 1;
        return ours.parts().getLast().sorted(step).equals(real.parts().getLast().sorted(step));
    }

    private static boolean nearlySame(Answer ours, Answer real, boolean millis) {
        if (ours.kind() != real.kind() || ours.parts().size() != real.parts().size()) {
            return false;
        }
        if (ours.kind() == Kind.INTEGER) {
            long one = Long.parseLong(ours.text());
            long other = Long.parseLong(real.text());
            return one == other
                    || one >= 0 && other >= 0 && Math.abs(one - other) <= MOST_SECONDS_APART * (millis ? 1000 : 1);
        }
        for (int i = 0; i < ours.parts().size(); i++) {
            if (!nearlySame(ours.parts().get(i), real.parts().get(i), millis)) {
                return false;
            }
        }
        return true;
    }
}
