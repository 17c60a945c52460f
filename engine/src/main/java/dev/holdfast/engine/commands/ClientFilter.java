package dev.holdfast.engine.commands;

import dev.holdfast.engine.acl.AclUser;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.ClientInfo;
import dev.holdfast.engine.core.Call;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The conditions of {@code CLIENT LIST} and {@code CLIENT KILL}. All must hold; those that begin with NOT- must not. Of several
 * about the same only the last counts, except that identifiers add up.
 */
final class ClientFilter {
    private static final String FLAGS = "OSMPxbtRBdcuAUreTIN";

    private final Call call;
    private final Map<String, Predicate<Client>> conditions = new HashMap<>();
    private final Set<Long> ids = new HashSet<>();
    private final Set<Long> otherIds = new HashSet<>();
    private boolean skipMe;

    private ClientFilter(Call call, boolean skipMe) {
        this.call = call;
        this.skipMe = skipMe;
    }

    /**
     * Reads the conditions from the words of a call.
     *
     * @param skipMe whether the caller itself is left out unless SKIPME says otherwise
     */
    static Predicate<Client> parse(Call call, int from, boolean skipMe) {
        ClientFilter filter = new ClientFilter(call, skipMe);
        int i = from;
        while (i < call.argCount()) {
            i = filter.parseOne(i);
        }
        Client me = filter.skipMe ? call.client() : null;
        return client ->
                client != me && filter.conditions.values().stream().allMatch(condition -> condition.test(client));
    }

    /** Reads one condition and returns the index after it. */
    private int parseOne(int index) {
        String name = call.arg(index).toString().toUpperCase(Locale.ROOT);
        boolean not = name.startsWith("NOT-");
        String field = not ? name.substring(4) : name;
        if (field.equals("ID")) {
            return ids(index + 1, not);
        }
        if (index + 1 == call.argCount()) {
            throw CommandException.syntax();
        }
        Slice word = call.arg(index + 1);
        String value = word.toString();
        Predicate<Client> match = switch (field) {
            case "TYPE" -> type(value);
            case "USER" -> user(word);
            case "ADDR" -> client -> client.link().address().equals(value);
            case "LADDR" -> client -> client.link().localAddress().equals(value);
            case "NAME" -> client -> !client.name().isEmpty() && client.name().equals(value);
            case "LIB-NAME" ->
                client ->
                        !client.libraryName().isEmpty() && client.libraryName().equals(value);
            case "LIB-VER" ->
                client -> !client.libraryVersion().isEmpty()
                        && client.libraryVersion().equals(value);
            case "IP" -> client -> host(client.link().address()).equals(value);
            case "DB" -> database(index + 1, not);
            case "FLAGS" -> letters(value, FLAGS, not, "flags", ClientInfo::flags);
            case "CAPA" -> letters(value, "r", not, "capa", ClientInfo::capabilities);
            default -> {
                if (not) {
                    throw CommandException.syntax();
                }
                yield option(field, index + 1);
            }
        };
        conditions.put(name, not ? match.negate() : match);
        return index + 2;
    }

    private Predicate<Client> option(String name, int index) {
        switch (name) {
            case "MAXAGE" -> {
                long seconds = positive(index, "maxage");
                long now = call.now() / 1000;
                return client -> now - client.createdMillis() / 1000 >= seconds;
            }
            case "IDLE" -> {
                long seconds = positive(index, "idle");
                long now = call.now() / 1000;
                return client -> now - client.lastUsedMillis() / 1000 >= seconds;
            }
            case "SKIPME" -> {
                Slice word = call.arg(index);
                if (!word.isWord("YES") && !word.isWord("NO")) {
                    throw CommandException.syntax();
                }
                skipMe = word.isWord("YES");
                return client -> true;
            }
            default -> throw CommandException.syntax();
        }
    }

    private long positive(int index, String name) {
        long value = call.longArg(
                index, Long.MIN_VALUE, Long.MAX_VALUE, "ERR " + name + " is not an integer or out of range");
        if (value <= 0) {
            throw new CommandException("ERR " + name + " should be greater than 0");
        }
        return value;
    }

    /** All numbers that follow are identifiers. */
    private int ids(int from, boolean not) {
        Set<Long> found = not ? otherIds : ids;
        int i = from;
        while (i < call.argCount() && dev.holdfast.engine.base.Numbers.isLong(call.arg(i))) {
            long id = call.longArg(i++);
            if (id < 1) {
                throw new CommandException("ERR client-id should be greater than 0");
            }
            found.add(id);
        }
        conditions.put(not ? "NOT-ID" : "ID", client -> found.contains(client.id()) != not);
        return i;
    }

    private static Predicate<Client> type(String type) {
        return switch (type.toLowerCase(Locale.ROOT)) {
            case "normal" -> client -> !client.isSubscriber() && !client.isReplica() && !client.isPrimary();
            case "pubsub" -> client -> client.isSubscriber() && !client.isReplica() && !client.isPrimary();
            case "master", "primary" -> Client::isPrimary;
            case "slave", "replica" -> Client::isReplica;
            default -> throw new CommandException("ERR Unknown client type '" + type + "'");
        };
    }

    private Predicate<Client> user(Slice name) {
        AclUser user = call.engine().acl().user(name);
        if (user == null) {
            throw new CommandException("ERR No such user '" + name + "'");
        }
        return client -> client.user().isSameAs(user);
    }

    private Predicate<Client> database(int index, boolean not) {
        String name = not ? "NOT-DB" : "DB";
        long number = call.longArg(
                index, Integer.MIN_VALUE, Integer.MAX_VALUE, "ERR " + name + " is not an integer or out of range");
        int databases = call.engine().keyspace().databases();
        if (number < 0 || number >= databases) {
            throw new CommandException("ERR " + name + " number should be between 0 and " + (databases - 1));
        }
        return client -> client.database() == number;
    }

    private static Predicate<Client> letters(
            String wanted, String known, boolean not, String what, java.util.function.Function<Client, String> of) {
        StringBuilder unknown = new StringBuilder();
        wanted.chars().filter(c -> known.indexOf(c) < 0).forEach(c -> unknown.append((char) c));
        if (!unknown.isEmpty()) {
            String where = not ? "the NOT-" + what.toUpperCase(Locale.ROOT) + " filter: " : "the provided filter: ";
            throw new CommandException("ERR Unknown " + what + " found in " + where + wanted);
        }
        return client -> {
            String letters = of.apply(client);
            return wanted.chars().allMatch(c -> letters.indexOf(c) >= 0);
        };
    }

    private static String host(String address) {
        int colon = address.lastIndexOf(':');
        String host = colon < 0 ? address : address.substring(0, colon);
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }
}
