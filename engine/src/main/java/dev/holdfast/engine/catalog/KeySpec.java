package dev.holdfast.engine.catalog;

import dev.holdfast.engine.base.HashSlot;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.protocol.Args;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Where the keys of a command stand among its words and what the command does to them. A specification says where to begin
 * (at an index, or after a keyword) and how to go on (a range with a step, or a count that says how many follow).
 */
public final class KeySpec {
    /** No keys, and so no slot. */
    public static final int NO_SLOT = -1;

    /** What happens to a key, under the names that {@code COMMAND INFO} gives. */
    public enum Flag {
        RO("RO"),
        RW("RW"),
        OW("OW"),
        RM("RM"),
        ACCESS("access"),
        UPDATE("update"),
        INSERT("insert"),
        DELETE("delete"),
        NOT_KEY("not_key"),
        INCOMPLETE("incomplete"),
        VARIABLE_FLAGS("variable_flags");

        private final String shown;

        Flag(String shown) {
            this.shown = shown;
        }

        public String shown() {
            return shown;
        }
    }

    private static final String STREAMS = "STREAMS";

    private final String keyword;
    private final int begin;
    private final boolean counted;
    private final int last;
    private final int step;
    private final int limit;
    private final int countAt;
    private final int firstKey;
    private final List<Flag> flags;
    private final boolean notKey;
    private @Nullable ToIntFunction<Args> finder;
    private @Nullable ToIntFunction<Args> starter;
    private @Nullable Predicate<Args> everywhere;
    private @Nullable Function<Args, List<Flag>> variableFlags;
    private boolean unknown;

    private KeySpec(
            String keyword,
            int begin,
            boolean counted,
            int last,
            int step,
            int limit,
            int countAt,
            int firstKey,
            Flag... flags) {
        this.keyword = keyword;
        this.begin = begin;
        this.counted = counted;
        this.last = last;
        this.step = step;
        this.limit = limit;
        this.countAt = countAt;
        this.firstKey = firstKey;
        this.flags = List.of(flags);
        this.notKey = this.flags.contains(Flag.NOT_KEY);
    }

    /** One key at an index. */
    public static KeySpec at(int index, Flag... flags) {
        return range(index, 0, 1, flags);
    }

    /**
     * Keys from an index on.
     *
     * @param last how far after {@code begin} the last key is; negative: counted from the end, -1 being the last word
     */
    public static KeySpec range(int begin, int last, int step, Flag... flags) {
        return new KeySpec("", begin, false, last, step, 0, 0, 0, flags);
    }

    /** A number at {@code countAt} says how many keys follow it directly. */
    public static KeySpec counted(int countAt, Flag... flags) {
        return new KeySpec("", countAt, true, 0, 1, 0, 0, 1, flags);
    }

    /** A number at {@code countAt} says how many pairs of a key and a value follow it directly. */
    public static KeySpec countedPairs(int countAt, Flag... flags) {
        return new KeySpec("", countAt, true, 0, 2, 0, 0, 1, flags);
    }

    /**
     * Keys after a keyword.
     *
     * @param from the index where the search begins; negative: from the end, backwards
     * @param limit 0, or the part of the remaining words that are keys: 2 means the first half
     */
    public static KeySpec after(String keyword, int from, int last, int step, int limit, Flag... flags) {
        return new KeySpec(keyword, from, false, last, step, limit, 0, 0, flags);
    }

    /**
     * The keys after STREAMS: the first half of the rest. The words before are options with their values, so that one of
     * these may be {@code streams} too; clients are shown a keyword.
     */
    public static KeySpec streams(int from, Flag... flags) {
        return new KeySpec(STREAMS, from, false, -1, 1, 2, 0, 0, flags);
    }

    /** Keys that only the data tells. Where the words of a call say that there are some, the whole keyspace is locked. */
    public static KeySpec everywhere(Predicate<Args> used, Flag... flags) {
        KeySpec spec = at(0, flags).foundBy(args -> -1).unknown();
        spec.everywhere = used;
        return spec;
    }

    /** The same, but clients learn that the place is unknown. */
    public KeySpec unknown() {
        unknown = true;
        return this;
    }

    /** The same for clients, but we look for the key, of which there is at most one, in a way of our own: its index or -1. */
    public KeySpec foundBy(ToIntFunction<Args> finder) {
        this.finder = finder;
        return this;
    }

    /** The same for clients, but we look for the first key in a way of our own: its index, or -1 where there is none. */
    public KeySpec startedBy(ToIntFunction<Args> starter) {
        this.starter = starter;
        return this;
    }

    /** The same, but what happens to the keys depends on the words of the call. */
    public KeySpec flagsBy(Function<Args, List<Flag>> finder) {
        variableFlags = finder;
        return this;
    }

    /** A number after a keyword says how many keys follow it. */
    public static KeySpec countedAfter(String keyword, int from, Flag... flags) {
        return new KeySpec(keyword, from, true, 0, 1, 0, 0, 1, flags);
    }

    public List<Flag> flags() {
        return flags;
    }

    /** What a particular call does to its keys. */
    public List<Flag> flagsOf(Args args) {
        if (counted && !isKeyword() && !Numbers.isLong(args.get(begin + countAt))) {
            return List.of();
        }
        return variableFlags == null ? flags : variableFlags.apply(args);
    }

    /** Whether words without keys in this place are a mistake. */
    public boolean isMandatory() {
        return !isKeyword() && finder == null && !unknown && !notKey;
    }

    public boolean isKeyword() {
        return !keyword.isEmpty();
    }

    public String keyword() {
        return keyword.toUpperCase(Locale.ROOT);
    }

    public int begin() {
        return begin;
    }

    public boolean isCounted() {
        return counted;
    }

    public int last() {
        return last;
    }

    public int step() {
        return step;
    }

    public int limit() {
        return limit;
    }

    public int countAt() {
        return countAt;
    }

    public int firstKey() {
        return firstKey;
    }

    /** Whether clients cannot find the keys by the specification. */
    public boolean isUnknown() {
        return unknown;
    }

    public boolean isNotKey() {
        return notKey;
    }

    /** Whether exactly one key stands at a fixed place; that place, else 0. */
    int onlyKey() {
        return !isKeyword() && !counted && last == 0 && !isNotKey() && finder == null ? begin : 0;
    }

    /** Where a list of keys begins that goes on to the last word, else 0. */
    int listedKey() {
        return !isKeyword()
                        && !counted
                        && last == -1
                        && step == 1
                        && limit == 0
                        && !isNotKey()
                        && finder == null
                        && starter == null
                        && everywhere == null
                ? begin
                : 0;
    }

    /** Whether a call has keys in this place. */
    public boolean isIn(Args args) {
        int first = firstOf(args);
        return first >= 0 && first <= lastOf(args, first);
    }

    /** Calls {@code visitor} with the index of each key. Words that do not fit the specification have no keys. */
    public void forEachKey(Args args, IntConsumer visitor) {
        int first = firstOf(args);
        int last = lastOf(args, first);
        for (int i = first; i <= last; i += step) {
            visitor.accept(i);
        }
    }

    /** The slot of two things of which each has one, or none. */
    public static int joinSlots(int slot, int other) {
        if (slot != NO_SLOT && other != NO_SLOT && slot != other) {
            throw new CommandException("CROSSSLOT Keys in request don't hash to the same slot");
        }
        return slot == NO_SLOT ? other : slot;
    }

    /**
     * The slot of the keys and of another, {@link #NO_SLOT} for none.
     *
     * @throws CommandException if there are several
     */
    public int slotOf(Args args, int other) {
        int slot = other;
        int first = firstOf(args);
        int last = lastOf(args, first);
        for (int i = first; i <= last; i += step) {
            slot = joinSlots(slot, HashSlot.of(args.get(i)));
        }
        return slot;
    }

    /** The shards of the keys. */
    long maskOf(Args args, Keyspace keyspace) {
        int first = firstOf(args);
        int last = lastOf(args, first);
        long mask = everywhere != null && everywhere.test(args) ? keyspace.allShards() : 0;
        for (int i = first; i <= last; i += step) {
            mask |= keyspace.maskOf(args.get(i));
        }
        return mask;
    }

    /** Reads what looking the keys up will read; see {@code Prefetcher}. One key alone is not worth it. */
    int prefetch(Args args, Keyspace keyspace, int database) {
        int first = firstOf(args);
        int last = lastOf(args, first);
        int seen = 0;
        if (last - first < step) {
            return seen;
        }
        for (int i = first; i <= last; i += step) {
            seen += keyspace.prefetchPlace(database, args.get(i));
        }
        for (int i = first; i <= last; i += step) {
            seen += keyspace.prefetchItem(database, args.get(i));
        }
        return seen;
    }

    /** The index of the first key, if there is one. */
    private int firstOf(Args args) {
        if (finder != null) {
            return finder.applyAsInt(args);
        }
        int start = starter != null ? starter.applyAsInt(args) : isKeyword() ? findKeyword(args) : begin;
        return start < 0 || !counted ? start : start + firstKey;
    }

    /** The index of the last key, or something less than {@code first} where there is none. */
    private int lastOf(Args args, int first) {
        int words = args.count();
        if (first < 0) {
            return first - 1;
        }
        if (finder != null) {
            return first;
        }
        if (!counted) {
            int end = last >= 0 ? first + last : limit <= 1 ? words + last : first + (words - first) / limit + last;
            return Math.min(end, words - 1);
        }
        int count = first - firstKey + countAt;
        if (count >= words || step > 1 && !Numbers.isLong(args.get(count))) {
            return first - 1;
        }
        long keys = leadingInt(args.get(count));
        return keys <= 0 || first >= words || (keys - 1) > (words - 1L - first) / step
                ? first - 1
                : first + (int) (keys - 1) * step;
    }

    /** A count of keys as C's {@code atoi} reads it. Other words than plain integers are refused anyway, but have keys. */
    private static int leadingInt(Slice word) {
        int at = 0;
        while (at < word.length() && (word.at(at) == ' ' || word.at(at) >= '\t' && word.at(at) <= '\r')) {
            at++;
        }
        boolean negative = at < word.length() && word.at(at) == '-';
        if (negative || at < word.length() && word.at(at) == '+') {
            at++;
        }
        long number = 0;
        for (; at < word.length() && Character.isDigit(word.at(at)); at++) {
            int digit = word.at(at) - '0';
            number = number > (Long.MAX_VALUE - digit) / 10 ? Long.MAX_VALUE : number * 10 + digit;
        }
        return (int) (negative ? -number : number);
    }

    /** Whether the keys are counted by a word that is no plain integer. */
    public boolean isMiscounted(Args args) {
        int first = counted ? firstOf(args) : -1;
        int count = first - firstKey + countAt;
        return first >= 0
                && count < args.count()
                && !(Numbers.isLong(args.get(count)) && Numbers.toLong(args.get(count)) == leadingInt(args.get(count)));
    }

    /**
     * The index after STREAMS where XREAD and XREADGROUP would find it, or -1. Words that they would not understand may only come
     * before it where clients look for it too.
     */
    private int findStreams(Args args) {
        boolean understood = true;
        for (int i = 1; i < args.count() - 1; i++) {
            Slice word = args.get(i);
            if (word.isWord(STREAMS)) {
                if (i >= begin || understood && (args.count() - i) % 2 == 1) {
                    return i + 1;
                }
            } else if (word.isWord("GROUP")) {
                i += 2;
            } else if (word.isWord("COUNT") || word.isWord("BLOCK")) {
                i++;
            } else if (!word.isWord("NOACK")) {
                understood = false;
            }
        }
        return -1;
    }

    private int findKeyword(Args args) {
        if (keyword.equals(STREAMS)) {
            return findStreams(args);
        }
        if (begin > 0) {
            for (int i = begin; i < args.count() - 1; i++) {
                if (args.get(i).isWord(keyword)) {
                    return i + 1;
                }
            }
        } else {
            for (int i = args.count() + begin; i > 0; i--) {
                if (args.get(i).isWord(keyword)) {
                    return i + 1;
                }
            }
        }
        return -1;
    }

    /** The indices of all keys of a command with these specifications, in order. */
    static List<Integer> keys(List<KeySpec> specs, Args args) {
        List<Integer> keys = new ArrayList<>();
        for (KeySpec spec : specs) {
            if (!spec.isNotKey()) {
                spec.forEachKey(args, keys::add);
            }
        }
        return keys;
    }
}
