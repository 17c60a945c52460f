package dev.holdfast.relay.console;

import dev.holdfast.relay.health.HealthPages;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What needs attention, the worst first: what {@code /ready} finds wrong, and what will be wrong before long. */
final class Findings {
    private static final String OK = "ok";

    private final Store store;
    private final HealthPages health;

    Findings(Store store, HealthPages health) {
        this.store = store;
        this.health = health;
    }

    List<Map<String, String>> of(ServerLook look) {
        List<Map<String, String>> found = new ArrayList<>();
        health.checks().forEach((what, says) -> {
            if (!says.equals(OK)) {
                found.add(finding(
                        "critical", "Not ready: " + what, says + ". Load balancers send no traffic (GET /ready)."));
            }
        });
        memory(look, found);
        clients(look, found);
        long evicted = look.whole("stats", "evicted_keys");
        if (evicted > 0) {
            found.add(
                    finding("info", "Keys have been evicted", evicted + " since the start, to keep within maxmemory."));
        }
        if (look.text("persistence", "rdb_last_bgsave_status").equals("err")) {
            found.add(finding("warning", "The last snapshot failed", "See the log; the disk may be full."));
        }
        if (look.text("persistence", "aof_last_bgrewrite_status").equals("err")) {
            found.add(finding("warning", "The last rewrite of the append-only file failed", "See the log."));
        }
        long slow = slow();
        if (slow > 0) {
            found.add(finding("info", "Slow commands", slow + " in the slow log; SLOWLOG GET shows them."));
        }
        return found;
    }

    private static void memory(ServerLook look, List<Map<String, String>> found) {
        long limit = look.whole("memory", "maxmemory");
        long used = look.whole("memory", "used_memory");
        if (limit > 0 && used > limit / 10 * 9) {
            boolean evicts = !look.text("memory", "maxmemory_policy").equals("noeviction");
            found.add(finding(
                    evicts ? "warning" : "critical",
                    "Memory is nearly used up",
                    100 * used / limit + " % of maxmemory. "
                            + (evicts ? "Keys are evicted beyond it." : "Writes are refused beyond it.")));
        }
    }

    private static void clients(ServerLook look, List<Map<String, String>> found) {
        long limit = look.whole("clients", "maxclients");
        long clients = look.whole("clients", "connected_clients");
        if (limit > 0 && clients > limit / 10 * 9) {
            found.add(finding("warning", "Nearly as many clients as may be", clients + " of " + limit + "."));
        }
        long refused = look.whole("stats", "rejected_connections");
        if (refused > 0) {
            found.add(finding(
                    "warning", "Connections have been refused", refused + " since the start, beyond maxclients."));
        }
    }

    private long slow() {
        try {
            return store.call("SLOWLOG", "LEN").number();
        } catch (CommandFailedException e) {
            return 0;
        }
    }

    private static Map<String, String> finding(String severity, String title, String detail) {
        return Map.of("severity", severity, "title", title, "detail", detail);
    }
}
