package dev.holdfast.conformance.random;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.Answer.Kind;
import dev.holdfast.conformance.access.OurServer;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.conformance.access.RespSession;
import dev.holdfast.conformance.access.Store;
import dev.holdfast.conformance.random.CommandGenerator.Unit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The same commands on a Holdfast and on a real server. */
final class Duel implements AutoCloseable {
    /** So many units are sent before their answers are read. */
    private static final int BATCH = 50;

    private static final int DATABASES = 2;

    /** The channel on which events are told to be complete. */
    private static final String MARK = "mark";

    /** Two answers that differ. */
    record Difference(List<String> command, Answer ours, Answer real) {}

    private final RespSession ours;
    private final RespSession real;
    private final RespSession ourEvents;
    private final RespSession realEvents;
    private final KnownDifferences known;
    private final boolean encodings;
    private final Map<String, Integer> answered = new TreeMap<>();
    private long compared;
    private long events;

    Duel(OurServer ours, RealServer real, Form form) {
        this.ours = (RespSession) ours.connect(form);
        this.real = (RespSession) real.connect(form);
        this.ourEvents = listener(ours);
        this.realEvents = listener(real);
        this.known = new KnownDifferences(real);
        this.encodings = real.isValkey();
    }

    /** A client that hears of everything that happens to keys. */
    private static RespSession listener(Store store) {
        RespSession session = (RespSession) store.connect(Form.RESP2);
        session.run("CONFIG", "SET", "notify-keyspace-events", "EAmn");
        session.run("PSUBSCRIBE", "__keyevent@*");
        session.run("SUBSCRIBE", MARK);
        return session;
    }

    RespSession real() {
        return real;
    }

    /** How many answers have been compared. */
    long compared() {
        return compared;
    }

    /** How many events have been compared. */
    long events() {
        return events;
    }

    /** How often each command has been answered with something else than an error. */
    Map<String, Integer> answered() {
        return answered;
    }

    /** Sets a parameter on both sides, where both have it. */
    void configure(String parameter, String value) {
        List<String> command = List.of("CONFIG", "SET", parameter, value);
        ours.run(command);
        real.run(command);
    }

    /** Runs commands on empty stores. Returns the first difference, among the answers or of what is left at the end. */
    @Nullable
    Difference run(List<Unit> units) {
        both(List.of("FLUSHALL"));
        for (int from = 0; from < units.size(); from += BATCH) {
            List<Unit> batch = units.subList(from, Math.min(units.size(), from + BATCH));
            List<List<String>> commands =
                    batch.stream().flatMap(unit -> unit.commands().stream()).toList();
            Difference difference = batch(commands);
            if (difference == null) {
                difference = compareEvents();
            }
            if (difference != null) {
                compareEvents();
                return difference;
            }
        }
        Difference difference = compareContents();
        compareEvents();
        return difference;
    }

    private @Nullable Difference batch(List<List<String>> commands) {
        commands.forEach(ours::write);
        commands.forEach(real::write);
        ours.flush();
        real.flush();
        Difference first = null;
        List<List<String>> queued = new ArrayList<>();
        for (List<String> command : commands) {
            Answer one = ours.receive();
            Answer other = real.receive();
            Difference difference;
            if (command.getFirst().equals("EXEC") && one.kind() == Kind.ARRAY && other.kind() == Kind.ARRAY) {
                difference = compareAll(queued, one, other);
            } else {
                difference = compare(command, one, other);
            }
            if (command.getFirst().equals("MULTI")) {
                queued.clear();
            } else if (one.kind() == Kind.SIMPLE && one.text().equals("QUEUED")) {
                queued.add(command);
            }
            first = first == null ? difference : first;
        }
        return first;
    }

    private @Nullable Difference compareAll(List<List<String>> commands, Answer one, Answer other) {
        if (one.parts().size() != commands.size() || other.parts().size() != commands.size()) {
            return new Difference(List.of("EXEC"), one, other);
        }
        Difference first = null;
        for (int i = 0; i < commands.size(); i++) {
            Difference difference =
                    compare(commands.get(i), one.parts().get(i), other.parts().get(i));
            first = first == null ? difference : first;
        }
        return first;
    }

    private @Nullable Difference compare(List<String> command, Answer one, Answer other) {
        compared++;
        if (!one.isError()) {
            answered.merge(Comparison.name(command), 1, Integer::sum);
        }
        if (command.getFirst().equals("OBJECT") && !encodings
                || Comparison.same(command, one, other)
                || known.explain(command, one, other)) {
            return null;
        }
        return new Difference(command, one, other);
    }

    private @Nullable Difference both(List<String> command) {
        return batch(List.of(command));
    }

    /** Compares every key: its type, encoding, expiry and all that it holds. */
    private @Nullable Difference compareContents() {
        Difference difference = null;
        for (int database = 0; database < DATABASES && difference == null; database++) {
            difference = both(List.of("SELECT", "" + database));
            List<List<String>> commands = new ArrayList<>();
            commands.add(List.of("DBSIZE"));
            commands.add(List.of("KEYS", "*"));
            for (Answer key : ours.run("KEYS", "*").parts()) {
                String name = key.text();
                commands.add(List.of("TYPE", name));
                commands.add(List.of("OBJECT", "ENCODING", name));
                commands.add(List.of("PTTL", name));
                commands.addAll(contents(ours.run("TYPE", name).text(), name));
            }
            difference = difference == null ? batch(commands) : difference;
        }
        both(List.of("SELECT", "0"));
        return difference;
    }

    /** Compares what has been told of keys since the last time. */
    private @Nullable Difference compareEvents() {
        Answer one = events(ours, ourEvents);
        Answer other = events(real, realEvents);
        events += one.parts().size();
        return one.equals(other) ? null : new Difference(List.of("the", "events"), one, other);
    }

    private Answer events(RespSession session, RespSession listener) {
        session.run("PUBLISH", MARK, "");
        List<Answer> events = new ArrayList<>();
        Answer message = listener.receive();
        while (!message.parts().get(1).equals(Answer.bulk(MARK))) {
            String channel = message.parts().get(2).text();
            if (known.comparesEvent(channel)) {
                events.add(Answer.bulk(channel + " " + message.parts().get(3).text()));
            }
            message = listener.receive();
        }
        return Answer.of(Kind.ARRAY, inOrder(events));
    }

    /** Keys that are missed one after the other come in any order: SORT looks for those of a set's elements. */
    private static List<Answer> inOrder(List<Answer> events) {
        List<Answer> ordered = new ArrayList<>(events);
        for (int from = 0; from < ordered.size(); ) {
            int to = from;
            while (to < ordered.size() && ordered.get(to).text().contains(":keymiss ")) {
                to++;
            }
            ordered.subList(from, to).sort(Comparator.comparing(Answer::text));
            from = to + 1;
        }
        return ordered;
    }

    private List<List<String>> contents(String type, String key) {
        return switch (type) {
            case "string" -> List.of(List.of("GET", key));
            case "list" -> List.of(List.of("LRANGE", key, "0", "-1"));
            case "set" -> List.of(List.of("SMEMBERS", key));
            case "zset" -> List.of(List.of("ZRANGE", key, "0", "-1", "WITHSCORES"));
            case "hash" -> {
                List<List<String>> commands = new ArrayList<>();
                commands.add(List.of("HGETALL", key));
                if (known.hasFieldExpiry()) {
                    for (Answer field : ours.run("HKEYS", key).parts()) {
                        commands.add(List.of("HPEXPIRETIME", key, "FIELDS", "1", field.text()));
                    }
                }
                yield commands;
            }
            case "stream" ->
                List.of(List.of("XRANGE", key, "-", "+"), List.of("XINFO", "STREAM", key, "FULL", "COUNT", "0"));
            default -> List.of();
        };
    }

    /** Leaves out whatever the difference does not need. */
    List<Unit> shrink(List<Unit> units) {
        List<Unit> needed = new ArrayList<>(units);
        for (int size = Math.max(1, needed.size() / 2); size >= 1; size /= 2) {
            for (int from = needed.size() - size; from >= 0; from -= size) {
                List<Unit> fewer = new ArrayList<>(needed);
                fewer.subList(from, from + size).clear();
                if (run(fewer) != null) {
                    needed = fewer;
                    from = Math.min(from, needed.size());
                }
            }
        }
        return needed;
    }

    @Override
    public void close() {
        ours.close();
        real.close();
        ourEvents.close();
        realEvents.close();
    }
}
