package dev.holdfast.conformance.random;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.Answer.Kind;
import java.util.List;
import java.util.Locale;
import java.util.Set;

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

    private static final long MOST_SECONDS_APART = 3;

    private Comparison() {}

    static boolean same(List<String> command, Answer ours, Answer real) {
        String name = name(command);
        if (ours.equals(real)) {
            return true;
        }
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
        return ours.kind() == Kind.MAP
                && real.kind() == Kind.MAP
                && ours.sorted(2).equals(real.sorted(2));
    }

    /** The name of a command, or of the subcommand of OBJECT. */
    static String name(List<String> command) {
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
