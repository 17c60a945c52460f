package dev.holdfast.toolkit.limit;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.scripting.Step;
import dev.holdfast.engine.scripting.StepCall;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code decide.lua} in Java, algorithm by algorithm; see there for what is kept and answered. */
final class DecideStep implements Step {
    private static final int LIMIT_WORDS = 4;
    private static final Pattern USE = Pattern.compile("(\\d+)-\\d+");
    private static final double MOST_COUNTED = 0x1p41;
    /** Counted in fractions, the last token may fall short by less than can be told apart. */
    private static final double TOLERANCE = 1e-6;

    private static final long MOST_WORDS = 1000;

    /** Takes the cost, and returns how long until nothing is counted. */
    private interface Taker {
        double take();
    }

    /**
     * What a limit has counted.
     *
     * @param pause how long until the cost fits
     * @param reset how long until nothing is counted
     */
    private record Count(double used, double pause, double reset, Taker taker) {}

    private record Rule(Slice key, double amount, double period, double burst) {}

    @Override
    public List<Long> run(StepCall call) {
        double cost = call.number(0);
        boolean takes = call.is(1, "TAKE");
        int limits = call.keyCount();
        Taker[] takers = new Taker[limits];
        boolean allowed = true;
        double limit = 0;
        double remaining = Double.POSITIVE_INFINITY;
        double retry = 0;
        double reset = 0;
        for (int i = 0; i < limits; i++) {
            int at = 2 + i * LIMIT_WORDS;
            Rule rule = new Rule(call.key(i), call.number(at + 1), call.number(at + 2), call.number(at + 3));
            Count count = count(call, call.text(at), rule, cost);
            if (count.used + cost > rule.burst + TOLERANCE) {
                allowed = false;
                retry = retry == -1 || cost > rule.burst ? -1 : Math.max(retry, Math.max(count.pause, 1));
            }
            double left = Math.max(0, rule.burst - count.used);
            if (left < remaining) {
                limit = rule.burst;
                remaining = left;
            }
            reset = Math.max(reset, count.reset);
            takers[i] = count.taker;
        }
        if (allowed && takes && cost > 0) {
            for (Taker taker : takers) {
                reset = Math.max(reset, taker.take());
            }
            remaining -= cost;
        }
        return List.of(
                allowed ? 1L : 0L,
                (long) limit,
                (long) Math.max(0, Math.floor(remaining + TOLERANCE)),
                (long) Math.ceil(retry),
                (long) Math.ceil(reset));
    }

    private static Count count(StepCall call, String algorithm, Rule rule, double cost) {
        return switch (algorithm) {
            case "window" -> window(call, rule, cost);
            case "log" -> log(call, rule, cost);
            case "counter" -> counter(call, rule, cost);
            case "bucket" -> bucket(call, rule, cost);
            default -> throw new IllegalArgumentException(algorithm);
        };
    }

    // ---- the algorithms ----

    private static Count window(StepCall call, Rule rule, double cost) {
        double used = kept(call, rule.key, MOST_COUNTED);
        double left = call.callForNumber("PTTL", rule.key) * 1000.0;
        if (left < 0) {
            left = rule.period;
        } else if (left > rule.period + 1000) {
            left = rule.period;
            expire(call, rule.key, rule.period);
        }
        double until = left;
        return new Count(used, left, used == 0 ? 0 : left, () -> {
            call.call("INCRBY", rule.key, whole(cost));
            if (call.callForNumber("PTTL", rule.key) < 0) {
                expire(call, rule.key, rule.period);
            }
            return until;
        });
    }

    private static Count log(StepCall call, Rule rule, double cost) {
        double now = call.micros();
        ask(call, "ZREMRANGEBYSCORE", rule.key, "-inf", whole(now - rule.period));
        for (Object use : list(call.call("ZRANGEBYSCORE", rule.key, "(" + whole(now), "+inf"))) {
            call.call("ZADD", rule.key, whole(now), Objects.requireNonNull(use));
        }
        double used = call.callForNumber("ZCARD", rule.key);
        double wait = 0;
        double reset = 0;
        if (used > 0) {
            reset = score(call, rule.key, -1) + rule.period - now;
            double mustGo = used + cost - rule.amount;
            if (mustGo > 0 && mustGo <= used) {
                wait = score(call, rule.key, (long) mustGo - 1) + rule.period - now;
            }
        }
        return new Count(used, wait, reset, () -> {
            List<Object> words = new ArrayList<>(List.of(rule.key));
            for (long i = 1; i <= cost; i++) {
                words.add(whole(now));
                words.add(whole(now) + "-" + whole(used + i));
                if (words.size() >= MOST_WORDS || i == cost) {
                    call.call("ZADD", words.toArray());
                    words = new ArrayList<>(List.of(rule.key));
                }
            }
            expire(call, rule.key, rule.period);
            return rule.period;
        });
    }

    /** The score at a place of a sorted set. */
    private static double score(StepCall call, Slice key, long place) {
        return pair(call, key, place).score;
    }

    private record Member(String name, double score) {}

    private static Member pair(StepCall call, Slice key, long place) {
        List<?> pair =
                list(list(call.call("ZRANGE", key, place, place, "WITHSCORES")).getFirst());
        return new Member(new String((byte[]) pair.getFirst(), StandardCharsets.ISO_8859_1), (Double) pair.getLast());
    }

    private static Count counter(StepCall call, Rule rule, double cost) {
        double now = call.micros();
        List<?> state = list(ask(call, "HMGET", rule.key, "period", "current", "last"));
        if (state.getFirst() == null && call.callForNumber("EXISTS", rule.key) == 1) {
            throw foreign();
        }
        double number = Math.floor(now / rule.period);
        double into = now - number * rule.period;
        Double counted = StepCall.toNumber((byte[]) state.getFirst());
        boolean isSame = counted != null && counted == number;
        double current = isSame ? number(state.get(1)) : 0;
        double last =
                isSame ? number(state.get(2)) : counted != null && counted == number - 1 ? number(state.get(1)) : 0;
        double used = last * (1 - into / rule.period) + current;
        double wait;
        if (current + cost <= rule.amount) {
            wait = last == 0 ? 0 : rule.period * (1 - (rule.amount - current - cost) / last) - into;
        } else {
            wait = rule.period - into + Math.max(0, rule.period * (1 - (rule.amount - cost) / current));
        }
        double reset = current > 0 ? 2 * rule.period - into : last > 0 ? rule.period - into : 0;
        return new Count(used, wait, reset, () -> {
            call.call("HSET", rule.key, "period", whole(number), "current", whole(current + cost), "last", whole(last));
            expire(call, rule.key, 2 * rule.period - into);
            return 2 * rule.period - into;
        });
    }

    private static double number(@Nullable Object text) {
        return Objects.requireNonNull(StepCall.toNumber((byte[]) text));
    }

    private static Count bucket(StepCall call, Rule rule, double cost) {
        double now = call.micros();
        double interval = rule.period / rule.amount;
        double full = Math.max(now, kept(call, rule.key, Double.POSITIVE_INFINITY));
        if (full > now + rule.burst * interval + 1) {
            full = now + rule.burst * interval;
            setUntil(call, rule.key, full, now);
        }
        double whenFull = full;
        return new Count(
                (full - now) / interval, full + cost * interval - rule.burst * interval - now, full - now, () -> {
                    double after = whenFull + cost * interval;
                    setUntil(call, rule.key, after, now);
                    return after - now;
                });
    }

    private static void setUntil(StepCall call, Slice key, double full, double now) {
        call.call("SET", key, whole(full), "PX", whole(Math.max(1, Math.ceil((full - now) / 1000))));
    }

    // ---- what is kept ----

    /** As {@code %.0f} writes it. */
    private static long whole(double number) {
        return (long) Math.rint(number);
    }

    private static void expire(StepCall call, Slice key, double micros) {
        call.call("PEXPIRE", key, whole(Math.max(1, Math.ceil(micros / 1000))));
    }

    private static List<?> list(@Nullable Object answer) {
        return (List<?>) Objects.requireNonNull(answer);
    }

    private static CommandException foreign() {
        return new CommandException("ERR the key of a limit holds something else");
    }

    private static double kept(StepCall call, Slice key, double most) {
        Object text = ask(call, "GET", key);
        if (text == null) {
            return 0;
        }
        Double number = StepCall.toNumber((byte[]) text);
        if (number == null) {
            throw foreign();
        }
        if (number > most) {
            call.call("UNLINK", key);
            return 0;
        }
        return number;
    }

    private static @Nullable Object ask(StepCall call, String command, Slice key, Object... more) {
        Object[] words = new Object[more.length + 1];
        words[0] = key;
        System.arraycopy(more, 0, words, 1, more.length);
        try {
            return call.call(command, words);
        } catch (CommandException e) {
            if (!isOwn(call, key)) {
                throw e;
            }
            call.call("UNLINK", key);
            return call.call(command, words);
        }
    }

    private static boolean isOwn(StepCall call, Slice key) {
        return switch (String.valueOf(call.call("TYPE", key))) {
            case "hash" -> call.callForNumber("HLEN", key) == 3 && call.callForNumber("HEXISTS", key, "period") == 1;
            case "zset" -> {
                Member first = pair(call, key, 0);
                Matcher use = USE.matcher(first.name);
                yield use.matches() && use.group(1).equals(Long.toString(whole(first.score)));
            }
            case "string" -> StepCall.toNumber(call.callForBytes("GET", key)) != null;
            default -> false;
        };
    }
}
