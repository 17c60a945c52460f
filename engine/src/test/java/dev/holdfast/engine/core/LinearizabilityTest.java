package dev.holdfast.engine.core;

import dev.holdfast.engine.TestStore;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Commands and transactions of several threads on one engine are atomic: Lincheck runs random ones at once and looks for an
 * order, consistent with what each thread has seen, in which a plain model gives the same answers.
 *
 * <p>The two keys are of the same names in no two runs, so that one engine serves all; mostly they are in different shards.
 */
class LinearizabilityTest {
    private static final String WRONG_TYPE = "WRONGTYPE";

    @AfterAll
    static void close() {
        Commands.STORE.close();
    }

    @Test
    void commandsAreAtomic() {
        new StressOptions()
                .iterations(30)
                .invocationsPerIteration(1000)
                .threads(3)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2)
                .sequentialSpecification(Model.class)
                .check(Commands.class);
    }

    /** The operations, run by the engine. */
    @Param(name = "key", gen = IntGen.class, conf = "0:1")
    @Param(name = "value", gen = IntGen.class, conf = "1:3")
    public static class Commands {
        private static final TestStore STORE = new TestStore();
        private static final ThreadLocal<TestStore.Session> SESSION = ThreadLocal.withInitial(STORE::connect);
        private static final AtomicLong RUNS = new AtomicLong();

        private final String[] keys;

        public Commands() {
            long run = RUNS.incrementAndGet();
            keys = new String[] {"one:" + run, "other:" + run};
        }

        @Operation
        public String get(@Param(name = "key") int key) {
            return run("GET", keys[key]);
        }

        @Operation
        public String set(@Param(name = "key") int key, @Param(name = "value") int value) {
            return run("SET", keys[key], Integer.toString(value));
        }

        @Operation
        public String increment(@Param(name = "key") int key) {
            return run("INCR", keys[key]);
        }

        @Operation
        public String push(@Param(name = "key") int key, @Param(name = "value") int value) {
            return run("LPUSH", keys[key], Integer.toString(value));
        }

        @Operation
        public String pop(@Param(name = "key") int key) {
            return run("LPOP", keys[key]);
        }

        @Operation
        public String shift(@Param(name = "key") int key) {
            return run("LMOVE", keys[key], keys[1 - key], "LEFT", "RIGHT");
        }

        @Operation
        public String rename(@Param(name = "key") int key) {
            return run("RENAME", keys[key], keys[1 - key]);
        }

        @Operation
        public String renameUnlessThere(@Param(name = "key") int key) {
            return run("RENAMENX", keys[key], keys[1 - key]);
        }

        @Operation
        public String copy(@Param(name = "key") int key) {
            return run("COPY", keys[key], keys[1 - key], "REPLACE");
        }

        @Operation
        public String deleteBoth() {
            return run("DEL", keys[1], keys[0]);
        }

        @Operation
        public String setBoth(@Param(name = "value") int value) {
            String text = Integer.toString(value);
            return run("MSET", keys[0], text, keys[1], text);
        }

        @Operation
        public String readBoth(@Param(name = "key") int first) {
            return run("MULTI") + run("GET", keys[first]) + run("GET", keys[1 - first]) + run("EXEC");
        }

        @Operation
        public String incrementBoth(@Param(name = "key") int first) {
            return run("MULTI") + run("INCR", keys[first]) + run("INCR", keys[1 - first]) + run("EXEC");
        }

        @Operation
        public String exchange() {
            return run("MULTI")
                    + run("RENAME", keys[0], keys[0] + ":spare")
                    + run("RENAME", keys[1], keys[0])
                    + run("RENAME", keys[0] + ":spare", keys[1])
                    + run("EXEC");
        }

        /** Reads, thinks and writes, until nobody has come between. */
        @Operation
        public String doubleOptimistically(@Param(name = "key") int key) {
            while (true) {
                run("WATCH", keys[key]);
                String before = run("GET", keys[key]);
                if (before.equals(WRONG_TYPE) || before.equals("null")) {
                    run("UNWATCH");
                    return before;
                }
                String after = Long.toString(2 * Long.parseLong(before));
                run("MULTI");
                run("SET", keys[key], after);
                if (!run("EXEC").equals("null")) {
                    return after;
                }
            }
        }

        private static String run(String... words) {
            return shown(SESSION.get().run(words));
        }

        private static String shown(@Nullable Object answer) {
            if (answer instanceof List<?> list) {
                List<String> elements = new ArrayList<>();
                list.forEach(element -> elements.add(shown(element)));
                return elements.toString();
            }
            String text = String.valueOf(answer);
            return text.contains(WRONG_TYPE) ? WRONG_TYPE : text.contains("no such key") ? "no such key" : text;
        }
    }

    /** The same operations, one after the other, on two variables: null, a number or a list of numbers. */
    public static class Model {
        private final @Nullable Object[] values = new Object[2];

        public String get(int key) {
            return values[key] instanceof Deque ? WRONG_TYPE : String.valueOf(values[key]);
        }

        public String set(int key, int value) {
            values[key] = (long) value;
            return "OK";
        }

        public String increment(int key) {
            if (values[key] instanceof Deque) {
                return WRONG_TYPE;
            }
            long next = values[key] instanceof Long number ? number + 1 : 1;
            values[key] = next;
            return Long.toString(next);
        }

        public String push(int key, int value) {
            if (values[key] instanceof Long) {
                return WRONG_TYPE;
            }
            Deque<Long> list = list(key);
            list.addFirst((long) value);
            return Integer.toString(list.size());
        }

        public String pop(int key) {
            if (values[key] instanceof Long) {
                return WRONG_TYPE;
            }
            String first = String.valueOf(list(key).pollFirst());
            dropEmpty(key);
            return first;
        }

        public String shift(int key) {
            if (values[key] == null) {
                return "null";
            }
            if (values[key] instanceof Long || values[1 - key] instanceof Long) {
                return WRONG_TYPE;
            }
            Long first = list(key).removeFirst();
            list(1 - key).addLast(first);
            dropEmpty(key);
            return first.toString();
        }

        public String rename(int key) {
            if (values[key] == null) {
                return "no such key";
            }
            values[1 - key] = values[key];
            values[key] = null;
            return "OK";
        }

        public String renameUnlessThere(int key) {
            if (values[key] != null && values[1 - key] != null) {
                return "0";
            }
            return rename(key).equals("OK") ? "1" : "no such key";
        }

        public String copy(int key) {
            Object value = values[key];
            if (value == null) {
                return "0";
            }
            values[1 - key] = value instanceof Deque ? new ArrayDeque<>(list(key)) : value;
            return "1";
        }

        public String deleteBoth() {
            int deleted = (values[0] == null ? 0 : 1) + (values[1] == null ? 0 : 1);
            values[0] = null;
            values[1] = null;
            return Integer.toString(deleted);
        }

        public String setBoth(int value) {
            set(0, value);
            return set(1, value);
        }

        public String readBoth(int first) {
            return "OKQUEUEDQUEUED" + List.of(get(first), get(1 - first));
        }

        public String incrementBoth(int first) {
            return "OKQUEUEDQUEUED" + List.of(increment(first), increment(1 - first));
        }

        public String exchange() {
            List<String> answers = new ArrayList<>(Collections.nCopies(3, "no such key"));
            Object one = values[0];
            if (one != null) {
                values[0] = null;
                answers.set(0, "OK");
            }
            if (values[1] != null) {
                rename(1);
                answers.set(1, "OK");
            }
            if (one != null) {
                values[1] = one;
                answers.set(2, "OK");
            }
            return "OKQUEUEDQUEUEDQUEUED" + answers;
        }

        public String doubleOptimistically(int key) {
            String before = get(key);
            if (values[key] instanceof Long number) {
                values[key] = 2 * number;
                return get(key);
            }
            return before;
        }

        @SuppressWarnings("unchecked") // callers have made sure that it is a list
        private Deque<Long> list(int key) {
            if (values[key] == null) {
                values[key] = new ArrayDeque<Long>();
            }
            return (Deque<Long>) values[key];
        }

        private void dropEmpty(int key) {
            if (list(key).isEmpty()) {
                values[key] = null;
            }
        }
    }
}
