package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.GENERIC;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.OW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.HashSlot;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.StringItem;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.structures.PartialSort;
import dev.holdfast.engine.types.HashValue;
import dev.holdfast.engine.types.ListEnd;
import dev.holdfast.engine.types.ListValue;
import dev.holdfast.engine.types.RankSpan;
import dev.holdfast.engine.types.SetValue;
import dev.holdfast.engine.types.SortedSetValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * SORT and SORT_RO.
 *
 * <p>What BY and GET read depends on the elements, so that no declaration can name the keys: a call with such patterns locks
 * the whole keyspace. Words are compared byte by byte; there is no locale.
 */
public final class SortCommands {
    private static final String BY_LIMIT_GET =
            "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA]";
    private static final String COMPLEXITY =
            "O(N + M log M), N being the number of elements and M of those returned; O(N)"
                    + " where nothing is to be sorted";

    private SortCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("SORT", BY_LIMIT_GET + " [STORE destination]", call -> sort(call, false))
                    .in(GENERIC)
                    .since("1.0.0")
                    .arity(-2)
                    .flags(WRITE, DENYOOM)
                    .aclInsteadOfGroup("set", "sortedset", "list", "dangerous")
                    .keys(
                            KeySpec.at(1, RO, ACCESS),
                            KeySpec.everywhere(SortCommands::hasPatterns, RO, ACCESS),
                            KeySpec.after("STORE", 2, 0, 1, 0, OW, UPDATE)
                                    .foundBy(SortCommands::target)
                                    .unknown())
                    .complexity(COMPLEXITY)
                    .summary("Sorts a list, a set or a sorted set, and may store the result"),
            command("SORT_RO", BY_LIMIT_GET, call -> sort(call, true))
                    .in(GENERIC)
                    .since("7.0.0")
                    .arity(-2)
                    .flags(READONLY)
                    .aclInsteadOfGroup("set", "sortedset", "list", "dangerous")
                    .keys(KeySpec.at(1, RO, ACCESS), KeySpec.everywhere(SortCommands::hasPatterns, RO, ACCESS))
                    .complexity(COMPLEXITY)
                    .summary("Sorts a list, a set or a sorted set"));

    /** How many words follow an option. */
    private static int operands(Slice word) {
        return word.isWord("LIMIT") ? 2 : word.isWord("STORE") || word.isWord("BY") || word.isWord("GET") ? 1 : 0;
    }

    /** The index of the key after STORE; the last one, where there are several. */
    private static int target(Args args) {
        int found = -1;
        for (int i = 2; i < args.count() - 1; i++) {
            found = args.get(i).isWord("STORE") ? i + 1 : found;
            i += operands(args.get(i));
        }
        return found;
    }

    private static boolean hasPatterns(Args args) {
        for (int i = 2; i < args.count() - 1; i++) {
            if (args.get(i).isWord("BY") || args.get(i).isWord("GET")) {
                return true;
            }
        }
        return false;
    }

    /**
     * A pattern that makes the name of a key of an element, and perhaps names a field of the hash there:
     * {@code weight_*->field}. Valkey's end at their first zero byte, as far as signs in them are looked for.
     */
    private static final class Pattern {
        private final Slice text;
        private final int star;
        private final int arrow;

        Pattern(Slice text) {
            this.text = text;
            this.star = indexOf(text, 0, "*");
            int found = star < 0 ? -1 : indexOf(text, star + 1, "->");
            boolean named = found >= 0 && found + 2 < text.length() && text.at(found + 2) != 0;
            this.arrow = named ? found : -1;
        }

        private static int indexOf(Slice text, int from, String sign) {
            for (int i = from; i <= text.length() - sign.length() && text.at(i) != 0; i++) {
                if (text.at(i) == sign.charAt(0) && (sign.length() == 1 || text.at(i + 1) == sign.charAt(1))) {
                    return i;
                }
            }
            return -1;
        }

        boolean isConstant() {
            return star < 0;
        }

        /** Whether the pattern stands for the element itself. */
        private boolean isElement() {
            return text.length() >= 1 && text.at(0) == '#' && (text.length() == 1 || text.at(1) == 0);
        }

        /** What the pattern yields for an element, or null. */
        byte @Nullable [] lookup(Call call, byte[] element) {
            if (isElement()) {
                return element;
            }
            if (star < 0) {
                return null;
            }
            int end = arrow < 0 ? text.length() : arrow;
            byte[] name = new byte[end - 1 + element.length];
            System.arraycopy(text.array(), text.offset(), name, 0, star);
            System.arraycopy(element, 0, name, star, element.length);
            System.arraycopy(text.array(), text.offset() + star + 1, name, star + element.length, end - star - 1);
            Object item = call.lookup(new Slice(name));
            if (item == null) {
                return null;
            }
            Slice value = new Slice();
            if (arrow < 0) {
                return StringItem.value(item, value) == null ? null : value.toBytes();
            }
            Slice field = new Slice(text.array(), text.offset() + arrow + 2, text.length() - arrow - 2);
            return item instanceof HashValue hash && hash.get(field, call.now(), value) ? value.toBytes() : null;
        }
    }

    /** An element, and what it is sorted by. */
    private static final class Element {
        final byte[] bytes;
        double score;
        byte @Nullable [] word;

        Element(byte[] bytes) {
            this.bytes = bytes;
        }
    }

    /** What a call asks for. */
    private static final class Request {
        boolean descending;
        boolean alphabetic;
        long offset;
        long count = -1;

        @Nullable
        Pattern by;

        @Nullable
        Slice target;

        final List<Pattern> gets = new ArrayList<>();

        Request(Call call, boolean readOnly) {
            for (int i = 2; i < call.argCount(); i++) {
                Slice word = call.arg(i);
                int left = call.argCount() - i - 1;
                if (word.isWord("ASC")) {
                    descending = false;
                } else if (word.isWord("DESC")) {
                    descending = true;
                } else if (word.isWord("ALPHA")) {
                    alphabetic = true;
                } else if (word.isWord("LIMIT") && left >= 2) {
                    offset = call.longArg(i + 1);
                    count = call.longArg(i + 2);
                } else if (!readOnly && word.isWord("STORE") && left >= 1) {
                    target = call.arg(i + 1);
                } else if (word.isWord("BY") && left >= 1) {
                    by = new Pattern(call.arg(i + 1));
                    if (!by.isConstant()) {
                        requireOneSlot(call, "BY", call.arg(i + 1));
                        requireAllKeys(call, "BY");
                    }
                } else if (word.isWord("GET") && left >= 1) {
                    gets.add(new Pattern(call.arg(i + 1)));
                    if (!call.arg(i + 1).isWord("#")) {
                        requireOneSlot(call, "GET", call.arg(i + 1));
                    }
                    requireAllKeys(call, "GET");
                } else {
                    throw CommandException.syntax();
                }
                i += operands(word);
            }
        }

        /** In a cluster, a pattern may lead only to keys in the slot of the one that is sorted. */
        private static void requireOneSlot(Call call, String option, Slice pattern) {
            if (call.engine().cluster() != null && HashSlot.ofPattern(pattern) != HashSlot.of(call.arg(1))) {
                throw new CommandException(
                        "ERR " + option + " option of SORT denied in Cluster mode when keys formed by the"
                                + " pattern may be in different slots.");
            }
        }

        /** A pattern may lead to any key, so only a user that may read them all may use one. */
        private static void requireAllKeys(Call call, String option) {
            boolean allowed = call.engine()
                    .acl()
                    .hasUnrestrictedKeyAccess(
                            call.client().user(), call.spec(), call.args(), call.database(), KeySpec.Flag.ACCESS);
            if (!allowed) {
                throw new CommandException(
                        "ERR " + option + " option of SORT denied due to insufficient ACL permissions.");
            }
        }

        /** Where the wanted part of so many elements begins. */
        int first(int size) {
            return (int) Math.min(Math.max(offset, 0), size);
        }

        /** Where it ends. */
        int end(int size) {
            long most = count < 0 ? size : Math.min(count, size);
            return (int) Math.min(first(size) + most, size);
        }

        boolean sorts() {
            return by == null || !by.isConstant();
        }
    }

    private static void sort(Call call, boolean readOnly) {
        Request request = new Request(call, readOnly);
        Object item = call.lookup(call.arg(1));
        if (item != null
                && !(item instanceof ListValue || item instanceof SetValue || item instanceof SortedSetValue)) {
            throw CommandException.wrongType();
        }
        boolean fixed = request.target != null || call.isInScript();
        if (item instanceof SetValue && !request.sorts() && fixed) {
            // A set has no order that could be kept, and a script is to do the same wherever it runs.
            request.by = null;
            request.alphabetic = true;
        }
        if (item instanceof SortedSetValue) {
            // Valkey gives a sorted set that is sorted its large form, even for reading.
            Objects.requireNonNull(call.edit(call.arg(1), SortedSetValue.class).value())
                    .prepareFor(Long.MAX_VALUE, 0, 0, 0);
        }
        List<Element> elements = elements(item, request);
        if (request.sorts()) {
            rate(call, request, elements);
            Comparator<Element> order = request.descending ? order(request).reversed() : order(request);
            int first = request.first(elements.size());
            int end = request.end(elements.size());
            if (request.by != null && first < end && end - first < elements.size()) {
                PartialSort.sort(elements, order, first, end - 1);
            } else {
                elements.sort(order);
            }
        }
        List<Element> window = elements.subList(request.first(elements.size()), request.end(elements.size()));
        if (request.target == null) {
            answer(call, request, window);
        } else {
            store(call, request, request.target, window);
        }
    }

    /** The elements in their own order, or in the reverse of it where they are to remain in that. */
    private static List<Element> elements(@Nullable Object item, Request request) {
        List<Element> elements = new ArrayList<>();
        boolean reverse = request.descending && !request.sorts();
        switch (item) {
            case ListValue list -> {
                ListValue.Cursor cursor = list.cursor(reverse ? list.size() - 1 : 0, !reverse);
                Slice value = new Slice();
                while (cursor.next(value)) {
                    elements.add(new Element(value.toBytes()));
                }
            }
            case SetValue set -> set.forEach(member -> elements.add(new Element(member.toBytes())));
            case SortedSetValue set -> {
                RankSpan all = set.ranks(0, -1, reverse);
                SortedSetValue.Walk walk = set.walk(all);
                while (walk.next()) {
                    elements.add(new Element(walk.member().toBytes()));
                }
            }
            case null, default -> {}
        }
        return elements;
    }

    /** Finds out what each element is sorted by. */
    private static void rate(Call call, Request request, List<Element> elements) {
        boolean numbers = true;
        for (Element element : elements) {
            byte[] word = request.by == null ? element.bytes : request.by.lookup(call, element.bytes);
            if (request.alphabetic) {
                element.word = word;
            } else if (word != null) {
                element.score = Doubles.parse(word, 0, lengthToZero(word));
                numbers &= !Double.isNaN(element.score);
            }
        }
        if (!numbers) {
            throw new CommandException("ERR One or more scores can't be converted into double");
        }
    }

    private static int lengthToZero(byte[] word) {
        int length = 0;
        while (length < word.length && word[length] != 0) {
            length++;
        }
        return length;
    }

    private static Comparator<Element> order(Request request) {
        if (!request.alphabetic) {
            return (one, other) -> {
                if (one.score != other.score) {
                    return one.score < other.score ? -1 : 1;
                }
                return Arrays.compareUnsigned(one.bytes, other.bytes);
            };
        }
        // What is only shown is compared as C compares strings: a zero byte ends them.
        boolean whole = request.target != null;
        return Comparator.comparing(
                element -> element.word,
                Comparator.nullsFirst((one, other) -> whole
                        ? Arrays.compareUnsigned(one, other)
                        : Arrays.compareUnsigned(one, 0, lengthToZero(one), other, 0, lengthToZero(other))));
    }

    private static void answer(Call call, Request request, List<Element> window) {
        call.reply().array((long) window.size() * Math.max(1, request.gets.size()));
        for (Element element : window) {
            if (request.gets.isEmpty()) {
                call.reply().bulk(element.bytes);
            }
            for (Pattern get : request.gets) {
                byte[] value = get.lookup(call, element.bytes);
                if (value == null) {
                    call.reply().nil();
                } else {
                    call.reply().bulk(value);
                }
            }
        }
    }

    private static void store(Call call, Request request, Slice target, List<Element> window) {
        List<byte[]> values = new ArrayList<>();
        long bytes = 0;
        for (Element element : window) {
            if (request.gets.isEmpty()) {
                values.add(element.bytes);
            }
            for (Pattern get : request.gets) {
                byte[] value = get.lookup(call, element.bytes);
                values.add(value == null ? new byte[0] : value);
            }
        }
        for (byte[] value : values) {
            bytes += value.length;
        }
        if (values.isEmpty()) {
            call.edit(target).remove(Event.DEL);
        } else {
            ListValue list = new ListValue(Call.newRecord(ValueType.LIST, target));
            list.grow(ListCommands.limit(call), bytes, values.size());
            for (byte[] value : values) {
                list.push(ListEnd.TAIL, new Slice(value));
            }
            Edit<Entry> edit = call.edit(target);
            edit.store(list);
            edit.done(Event.SORTSTORE, values.size());
        }
        call.reply().integer(values.size());
    }
}
