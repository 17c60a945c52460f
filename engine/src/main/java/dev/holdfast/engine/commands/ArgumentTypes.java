package dev.holdfast.engine.commands;

import dev.holdfast.engine.catalog.Argument;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The types of a command's arguments. Which are keys follows from the key specifications; of what kind the others are follows
 * from the manual's names for them, which are the same in all commands but for a few.
 */
final class ArgumentTypes {
    private static final Set<String> INTEGERS = Set.of(
            "bit",
            "client-id",
            "bits",
            "cluster-bus-port",
            "config-epoch",
            "count",
            "cursor",
            "db-index",
            "decrement",
            "destination-db",
            "element-count",
            "end",
            "end-slot",
            "expected-value",
            "frequency",
            "idle",
            "index",
            "len",
            "length",
            "limit",
            "milliseconds",
            "min-match-len",
            "maxage",
            "num-matches",
            "num-vertices",
            "not-client-id",
            "not-db",
            "numfields",
            "numkeys",
            "numreplicas",
            "numlocal",
            "offset",
            "port",
            "protover",
            "rank",
            "seconds",
            "slot",
            "start",
            "start-slot",
            "stop",
            "timeout",
            "ttl",
            "version",
            "weight",
            "db",
            "index1",
            "index2");

    private static final Set<String> DOUBLES = Set.of("score", "longitude", "latitude", "radius", "width", "height");

    /** Arguments whose type is not the one that their name usually has. */
    private static final Map<String, String> EXCEPTIONS = Map.ofEntries(
            Map.entry("incr increment", "integer"),
            Map.entry("incrby increment", "integer"),
            Map.entry("incrbyfloat increment", "double"),
            Map.entry("hincrby increment", "integer"),
            Map.entry("hincrbyfloat increment", "double"),
            Map.entry("zincrby increment", "integer"),
            Map.entry("setrange value", "string"),
            Map.entry("clusterscan cursor", "string"),
            Map.entry("cluster|keyslot key", "string"),
            Map.entry("setbit value", "integer"),
            Map.entry("bitfield value", "integer"),
            Map.entry("bitfield increment", "integer"),
            Map.entry("zcount min", "double"),
            Map.entry("zcount max", "double"),
            Map.entry("zremrangebyscore min", "double"),
            Map.entry("zremrangebyscore max", "double"),
            Map.entry("zrangebyscore min", "double"),
            Map.entry("zrangebyscore max", "double"),
            Map.entry("zrevrangebyscore min", "double"),
            Map.entry("zrevrangebyscore max", "double"),
            Map.entry("zrange start", "string"),
            Map.entry("zrange stop", "string"),
            Map.entry("zrangestore start", "string"),
            Map.entry("zrangestore stop", "string"),
            Map.entry("xrange start", "string"),
            Map.entry("xrange end", "string"),
            Map.entry("xrevrange start", "string"),
            Map.entry("xrevrange end", "string"),
            Map.entry("xpending start", "string"),
            Map.entry("xpending end", "string"),
            Map.entry("xautoclaim start", "string"),
            Map.entry("xclaim ms", "integer"),
            Map.entry("xsetid entries-added", "integer"),
            Map.entry("xpending min-idle-time", "integer"),
            Map.entry("xgroup|create entries-read", "integer"),
            Map.entry("xgroup|setid entries-read", "integer"),
            Map.entry("blpop timeout", "double"),
            Map.entry("brpop timeout", "double"),
            Map.entry("brpoplpush timeout", "double"),
            Map.entry("blmove timeout", "double"),
            Map.entry("blmpop timeout", "double"),
            Map.entry("bzpopmin timeout", "double"),
            Map.entry("bzpopmax timeout", "double"),
            Map.entry("bzmpop timeout", "double"));

    private final CommandSpec command;
    private final IdentityHashMap<Argument, Integer> keys = new IdentityHashMap<>();

    ArgumentTypes(CommandSpec command, List<Argument> arguments) {
        this.command = command;
        List<KeySpec> specs = command.keySpecs();
        for (int i = 0; i < specs.size(); i++) {
            KeySpec spec = specs.get(i);
            if (spec.isNotKey() || spec.begin() == 0) {
                continue;
            }
            if (spec.isKeyword()) {
                note(afterKeyword(arguments, spec.keyword()), i);
                continue;
            }
            int first = spec.begin() + (spec.isCounted() ? 1 : 0) - words();
            for (int position = first; position <= first + Math.max(0, spec.last()); position++) {
                note(at(arguments, position), i);
            }
        }
    }

    private void note(@Nullable Argument argument, int spec) {
        if (argument != null) {
            keys.put(argument, spec);
        }
    }

    /** How many words come between the first, which is counted as 0, and the arguments. */
    private int words() {
        return command.parent() == null ? 0 : 1;
    }

    /** The argument that is the word of this number, counted from 1, where all before it are single words. */
    private static @Nullable Argument at(List<Argument> arguments, int position) {
        int word = 1;
        for (Argument argument : arguments) {
            if (argument.kind() == Argument.Kind.BLOCK && word <= position) {
                return at(argument.parts(), position - word + 1);
            }
            if (word == position) {
                return argument;
            }
            word++;
        }
        return null;
    }

    private static @Nullable Argument afterKeyword(List<Argument> arguments, String keyword) {
        for (Argument argument : arguments) {
            if (argument.token().equals(keyword)) {
                return argument.parts().isEmpty() ? argument : argument.parts().getFirst();
            }
            Argument inside = afterKeyword(argument.parts(), keyword);
            if (inside != null) {
                return inside;
            }
        }
        return null;
    }

    /** The index of the key specification that an argument belongs to, or -1. */
    int keySpec(Argument argument) {
        return keys.getOrDefault(argument, -1);
    }

    String type(Argument argument) {
        return switch (argument.kind()) {
            case TOKEN -> "pure-token";
            case BLOCK -> "block";
            case ONE_OF -> "oneof";
            case VALUE -> keys.containsKey(argument) ? "key" : valueType(argument.name());
        };
    }

    private String valueType(String name) {
        String exception = EXCEPTIONS.get(command.fullName() + " " + name);
        if (exception != null) {
            return exception;
        }
        if (name.startsWith("unix-time")) {
            return "unix-time";
        }
        if (name.equals("pattern") || name.equals("match-pattern")) {
            return "pattern";
        }
        if (name.equals("key")) {
            return "key";
        }
        return INTEGERS.contains(name) ? "integer" : DOUBLES.contains(name) ? "double" : "string";
    }
}
