package dev.holdfast.toolkit.store;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What INFO says about servers that matters to their users: clients, memory, and the keys of each database. Figures of several nodes
 * are added up.
 */
final class ServerFigures {
    private static final Map<String, String> NAMES = Map.of(
            "connected_clients", "clients.connected",
            "blocked_clients", "clients.blocked",
            "used_memory", "memory.bytes",
            "maxmemory", "memory.maxBytes");
    private static final Set<String> SECTIONS = Set.of("Clients", "Memory", "Keyspace");

    private final Map<String, Object> figures = new TreeMap<>();

    /** Takes an answer of INFO. */
    void add(String info) {
        String section = "";
        for (String line : info.split("\r\n")) {
            if (line.startsWith("# ")) {
                section = line.substring(2);
            } else if (SECTIONS.contains(section)) {
                add(section, line);
            }
        }
    }

    private void add(String section, String line) {
        int colon = line.indexOf(':');
        if (colon < 0) {
            return;
        }
        String field = line.substring(0, colon);
        String value = line.substring(colon + 1);
        if (section.equals("Keyspace")) {
            // db8:keys=3,expires=0,avg_ttl=0
            sum("keys." + field, value.substring(value.indexOf('=') + 1, value.indexOf(',')));
        } else if (NAMES.containsKey(field)) {
            sum(NAMES.get(field), value);
        } else if (field.equals("maxmemory_policy")) {
            figures.put("memory.policy", value);
        }
    }

    private void sum(String name, String value) {
        figures.merge(name, Long.parseLong(value), (a, b) -> (Long) a + (Long) b);
    }

    Map<String, Object> figures() {
        return figures;
    }
}
