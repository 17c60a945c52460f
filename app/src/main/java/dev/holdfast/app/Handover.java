package dev.holdfast.app;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.toolkit.store.Reply;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * One server takes the place of another: it follows the other until both hold the same, then they exchange roles.
 *
 * <p>Clients may write meanwhile, and lose nothing: the exchange happens at one offset of the stream of changes, which both servers
 * report afterwards. Until then the source serves, and a step that fails undoes what was done.
 */
final class Handover {
    /** The steps in their order. */
    enum Step {
        CHECK,
        FOLLOW,
        VERIFY,
        EXCHANGE,
        CONFIRM
    }

    /**
     * What is allowed.
     *
     * @param replace whether the target may hold keys, which are lost
     * @param patienceSeconds how long the target may take to receive everything
     * @param pauseSeconds for how long writes may wait
     */
    record Limits(boolean replace, int patienceSeconds, int pauseSeconds) {}

    /** Why a step has failed. */
    private static final class Refusal extends Exception {
        private static final long serialVersionUID = 1;

        Refusal(String reason) {
            super(reason);
        }
    }

    private static final String ERROR_BEHAVIOR = "propagation-error-behavior";
    private static final long POLL_MILLIS = 100;
    private static final long CLOCK_MICROS = 1_000_000;
    private static final int SHOWN_DIFFERENCES = 20;

    /** A target may lag by this much when it counts as having caught up. */
    private static final long NEAR_BYTES = 1 << 20;

    private final StoreServer source;
    private final StoreServer target;
    private final String address;
    private final Limits limits;
    private final PrintStream out;
    private final Map<String, String> changed = new LinkedHashMap<>();
    private boolean following;
    private String history = "";

    /** @param address where the target reaches the source, as {@code host:port} */
    Handover(StoreServer source, StoreServer target, String address, Limits limits, PrintStream out) {
        this.source = source;
        this.target = target;
        this.address = address;
        this.limits = limits;
        this.out = out;
    }

    /**
     * Takes the steps up to one of them.
     *
     * @return whether that has succeeded
     */
    boolean run(Step last) throws InterruptedException {
        for (Step step : Step.values()) {
            try {
                out.printf(
                        "%d of %d: %s%n",
                        step.ordinal() + 1, Step.values().length, step.name().toLowerCase(Locale.ROOT));
                take(step);
            } catch (Refusal | RuntimeException e) {
                out.println("stopped: " + Reason.of(e));
                if (step.ordinal() < Step.CONFIRM.ordinal()) {
                    undo();
                }
                return false;
            }
            if (step == last) {
                break;
            }
        }
        return true;
    }

    private void take(Step step) throws Refusal, InterruptedException {
        switch (step) {
            case CHECK -> check();
            case FOLLOW -> follow();
            case VERIFY -> verify();
            case EXCHANGE -> exchange();
            case CONFIRM -> confirm();
        }
    }

    // ---- check ----

    private void check() throws Refusal {
        out.printf("from %s, %s%nto %s, %s%n", source, source.product(), target, target.product());
        if (source.info("server", "run_id").equals(target.info("server", "run_id"))) {
            throw new Refusal("both are the same server");
        }
        if (!source.isPrimary()) {
            throw new Refusal(source + " is a replica of " + source.info("replication", "master_host") + ":"
                    + source.info("replication", "master_port") + "; name its primary");
        }
        checkData();
        checkClocks();
        long used = Long.parseLong(source.info("memory", "used_memory"));
        String most = target.parameter("maxmemory");
        if (most != null && !most.equals("0") && Long.parseLong(most) < used) {
            throw new Refusal("the data takes %d bytes, and maxmemory of %s is %s".formatted(used, target, most));
        }
        checkBacklog(used);
    }

    private void checkData() throws Refusal {
        List<String> modules = new ArrayList<>();
        source.tryCall("MODULE", "LIST").ifPresent(list -> {
            for (Reply module : list.list()) {
                // The one for scripts is built in.
                if (!module.field("name").text().equals("lua")) {
                    modules.add(module.field("name").text());
                }
            }
        });
        if (!modules.isEmpty()) {
            throw new Refusal(source + " has modules, whose data no other server reads: " + modules);
        }
        if (source.info("cluster", "cluster_enabled").equals("1")
                || target.info("cluster", "cluster_enabled").equals("1")) {
            throw new Refusal("one of them is in cluster mode");
        }
        boolean followed = isFollowed();
        if (!target.isPrimary() && !followed) {
            throw new Refusal(target + " is a replica of another server");
        }
        if (!followed && target.keys() > 0 && !limits.replace) {
            throw new Refusal(target + " holds keys, which would be lost; --replace allows that");
        }
        String databases = target.parameter("databases");
        if (!source.usedDatabases().isEmpty()
                && databases != null
                && source.usedDatabases().last() >= Integer.parseInt(databases)) {
            throw new Refusal("database %d is in use, and %s has %s databases"
                    .formatted(source.usedDatabases().last(), target, databases));
        }
        boolean fieldsExpire = source.info("keyspace").values().stream()
                .anyMatch(line -> line.matches(".*keys_with_volatile_items=[1-9].*"));
        if (fieldsExpire && !target.isValkeySince(9)) {
            throw new Refusal("hashes have fields that expire, which servers before Valkey 9.0 do not know");
        }
    }

    private boolean isFollowed() {
        Map<String, String> replication = target.info("replication");
        return "slave".equals(replication.get("role"))
                && address.equals(replication.get("master_host") + ":" + replication.get("master_port"));
    }

    private void checkClocks() throws Refusal {
        long before = micros(source);
        long there = micros(target);
        long after = micros(source);
        long apart = Math.abs(there - (before + after) / 2) - (after - before) / 2;
        if (apart > CLOCK_MICROS) {
            throw new Refusal(
                    "their clocks are %d ms apart: keys would expire at the wrong time".formatted(apart / 1000));
        }
    }

    private static long micros(StoreServer server) {
        List<String> time = server.call("TIME").texts();
        return Long.parseLong(time.getFirst()) * 1_000_000 + Long.parseLong(time.getLast());
    }

    /** What is written while the data is sent has to fit into the memory that the source keeps for a replica. */
    private void checkBacklog(long used) {
        String limit = source.parameter("client-output-buffer-limit");
        String backlog = source.parameter("repl-backlog-size");
        if (limit == null || backlog == null) {
            return;
        }
        long rate = rate();
        // Data moves at 50 MB a second and more.
        long needed = rate * (used / (50L << 20) + 1);
        String hard = limit.replaceFirst(".*(?:slave|replica) (\\d+) .*", "$1");
        long room = hard.equals("0") ? Long.MAX_VALUE : Math.max(Long.parseLong(hard), Long.parseLong(backlog));
        if (needed > room) {
            out.printf(
                    "warning: about %d MB may be written while the data is sent, and the source keeps %d MB for a replica; a larger"
                            + " client-output-buffer-limit replica or repl-backlog-size lets it succeed%n",
                    needed >> 20, room >> 20);
        }
    }

    /** How many bytes clients send a second. */
    private long rate() {
        return (long) (1024 * Double.parseDouble(source.info("stats", "instantaneous_input_kbps")));
    }

    // ---- follow ----

    private void follow() throws Refusal, InterruptedException {
        if (!isFollowed()) {
            set("masteruser", source.user());
            set("masterauth", source.password());
            if (target.isHoldfast()) {
                // A command that it cannot repeat ends the link, and so the hand-over. A Valkey would end itself.
                set(ERROR_BEHAVIOR, "panic-on-replicas");
            }
            set("tls-replication", source.isEncrypted() ? "yes" : "no");
            int colon = address.lastIndexOf(':');
            following = true;
            target.call("REPLICAOF", address.substring(0, colon), address.substring(colon + 1));
        }
        await(limits.patienceSeconds, "the target has not received everything", this::isUp);
        await(limits.patienceSeconds, "the target does not catch up", () -> lag() < NEAR_BYTES);
    }

    /** Sets a parameter of the target, and notes what it was. */
    private void set(String name, String value) {
        String before = target.parameter(name);
        if (before != null && !before.equals(value)) {
            changed.putIfAbsent(name, before);
            target.setParameter(name, value);
        }
    }

    private boolean isUp() {
        Map<String, String> replication = target.info("replication");
        return "up".equals(replication.get("master_link_status"));
    }

    private long lag() {
        return offset(source) - offset(target);
    }

    private static long offset(StoreServer server) {
        return Long.parseLong(server.info("replication", "master_repl_offset"));
    }

    private static void await(int seconds, String otherwise, BooleanSupplier condition)
            throws Refusal, InterruptedException {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new Refusal(otherwise + " within " + seconds + " seconds");
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    // ---- verify ----

    private void verify() throws Refusal, InterruptedException {
        compare(source, target, "the target does not catch up");
    }

    /** Keys that still differ after some time, since they change all the time, are compared while the primary takes no writes. */
    private void compare(StoreServer primary, StoreServer replica, String behind) throws Refusal, InterruptedException {
        KeyComparison comparison = new KeyComparison(primary, replica);
        comparison.run(out);
        comparison.lookAgain();
        if (comparison.hasDifferences()) {
            primary.call("CLIENT", "PAUSE", limits.pauseSeconds * 1000, "WRITE");
            try {
                await(limits.pauseSeconds, behind, () -> lag() == 0);
                comparison.look();
            } finally {
                primary.call("CLIENT", "UNPAUSE");
            }
        }
        if (!comparison.report(out, SHOWN_DIFFERENCES)) {
            throw new Refusal("the servers do not hold the same");
        }
    }

    // ---- exchange ----

    private void exchange() throws Refusal, InterruptedException {
        history = source.info("replication", "master_replid");
        prepareWayBack();
        String[] shown = shownAddress().split(":(?=\\d+$)");
        source.call("FAILOVER", "TO", shown[0], shown[1], "TIMEOUT", limits.pauseSeconds * 1000);
        try {
            await(
                    2 * limits.pauseSeconds,
                    "the exchange has not ended",
                    () -> source.info("replication", "master_failover_state").equals("no-failover"));
        } catch (Refusal e) {
            source.tryCall("FAILOVER", "ABORT");
            throw e;
        }
        if (source.isPrimary()) {
            throw new Refusal(
                    "the target did not catch up while writes were paused, and the source is the primary again");
        }
    }

    /** The source will follow the target, and has to be let in there. */
    private void prepareWayBack() {
        for (Map.Entry<String, String> each : Map.of("masteruser", target.user(), "masterauth", target.password())
                .entrySet()) {
            if (!each.getValue().isEmpty()) {
                source.setParameter(each.getKey(), each.getValue());
            }
        }
        if (target.isEncrypted() && source.parameter("tls-replication") != null) {
            source.setParameter("tls-replication", "yes");
        }
    }

    /** The address under which the source knows the target. */
    private String shownAddress() throws Refusal {
        List<String> ports = new ArrayList<>();
        for (String name : List.of("replica-announce-port", "slave-announce-port", "port", "tls-port")) {
            String port = target.parameter(name);
            if (port != null && !port.equals("0")) {
                ports.add(port);
            }
        }
        List<String> found = new ArrayList<>();
        for (Map.Entry<String, String> each : source.info("replication").entrySet()) {
            if (each.getKey().matches("slave\\d+") && each.getValue().contains("state=online")) {
                String port = each.getValue().replaceFirst(".*port=(\\d+),.*", "$1");
                if (ports.contains(port)) {
                    found.add(each.getValue().replaceFirst(".*ip=([^,]*),.*", "$1") + ":" + port);
                }
            }
        }
        if (found.size() != 1) {
            throw new Refusal(
                    "of the replicas of %s, %d could be the target: %s".formatted(source, found.size(), found));
        }
        return found.getFirst();
    }

    // ---- confirm ----

    /** Both tell of one stream that has changed its name at one offset: so nothing came between. */
    private void confirm() throws Refusal, InterruptedException {
        await(
                limits.patienceSeconds,
                "the source does not follow the target",
                () -> source.info("replication", "master_link_status").equals("up"));
        Map<String, String> before = source.info("replication");
        Map<String, String> after = target.info("replication");
        if (!"master".equals(after.get("role"))) {
            throw new Refusal("the target is no primary");
        }
        if (!history.equals(after.get("master_replid2"))
                || !history.equals(before.get("master_replid2"))
                || !after.getOrDefault("second_repl_offset", "").equals(before.get("second_repl_offset"))) {
            throw new Refusal(
                    "roles have been exchanged, but the servers do not tell of one offset where that was: compare them");
        }
        out.printf("the roles changed at offset %s of %s%n", after.get("second_repl_offset"), history);
        compare(target, source, "the source does not catch up");
        String behavior = changed.get(ERROR_BEHAVIOR);
        if (behavior != null) {
            target.setParameter(ERROR_BEHAVIOR, behavior);
        }
        rewrite(source);
        rewrite(target);
        out.printf(
                "%s serves now, and %s follows it.%nThe way back: holdfast handover --from %s --to %s%n",
                target, source, target, source);
    }

    /** A restart must not bring the former roles back. */
    private void rewrite(StoreServer server) {
        if (server.tryCall("CONFIG", "REWRITE").isEmpty()) {
            out.println("warning: " + server
                    + " could not rewrite its configuration; a restart would bring its former role back");
        }
    }

    // ---- the way back ----

    /** Before the exchange the source has not been changed: the target follows it no more. */
    private void undo() {
        if (!following) {
            return;
        }
        try {
            if (target.isPrimary()) {
                out.println("the target is a primary; nothing was undone");
                return;
            }
            target.call("REPLICAOF", "NO", "ONE");
            changed.forEach(target::setParameter);
            out.println("undone: the target follows no more; it keeps what it has received");
        } catch (RuntimeException e) {
            out.println("could not be undone: " + Reason.of(e) + ". Send the target REPLICAOF NO ONE");
        }
    }
}
