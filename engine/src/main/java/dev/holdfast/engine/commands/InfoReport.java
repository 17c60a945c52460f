package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Compatibility;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.change.PubSub;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ReplicationParameters;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.Host;
import dev.holdfast.engine.core.Pause;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.metrics.LatencyHistogram;
import dev.holdfast.engine.metrics.Rate;
import dev.holdfast.engine.metrics.Statistics;
import dev.holdfast.engine.persistence.AofRewrite;
import dev.holdfast.engine.persistence.AppendOnlyFile;
import dev.holdfast.engine.persistence.FilePersistence;
import dev.holdfast.engine.persistence.Loading;
import dev.holdfast.engine.persistence.RdbSaves;
import dev.holdfast.engine.replication.Replica;
import dev.holdfast.engine.replication.ReplicationNode;
import dev.holdfast.engine.replication.Shutdown;
import dev.holdfast.engine.scripting.Scripting;
import dev.holdfast.engine.topology.ClusterNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The text of INFO. Names of sections and fields, their order and their units are those of Valkey, because monitoring tools
 * read them; figures about what does not exist here are zero. Where a C allocator is meant, the JVM's heap stands in.
 */
final class InfoReport {
    static final List<String> SECTIONS = List.of(
            "server",
            "tls",
            "clients",
            "memory",
            "persistence",
            "stats",
            "replication",
            "cpu",
            "modules",
            "commandstats",
            "errorstats",
            "latencystats",
            "cluster",
            "cluster_info",
            "scriptingengines",
            "keyspace");

    private static final String END = "\r\n";

    private final Engine engine;
    private final Config config;
    private final Statistics statistics;
    private final Keyspace keyspace;
    private final ProcessFigures process = ProcessFigures.read();
    private final StringBuilder text = new StringBuilder(6000);

    InfoReport(Engine engine) {
        this.engine = engine;
        this.config = engine.config();
        this.statistics = engine.statistics();
        this.keyspace = engine.keyspace();
    }

    /** The sections of these names, in Valkey's order; names of none are passed over. */
    String write(Set<String> names) {
        for (String section : SECTIONS) {
            if (names.contains(section)) {
                section(section);
            }
        }
        return text.toString();
    }

    private void section(String name) {
        switch (name) {
            case "server" -> server();
            case "tls" -> tls();
            case "clients" -> clients();
            case "memory" -> memory();
            case "persistence" -> persistence();
            case "stats" -> stats();
            case "replication" -> replication();
            case "cpu" -> cpu();
            case "modules" -> title("Modules");
            case "commandstats" -> commandStatistics();
            case "errorstats" -> errorStatistics();
            case "latencystats" -> latencyStatistics();
            case "cluster" -> {
                title("Cluster");
                line("cluster_enabled", engine.cluster() == null ? 0 : 1);
            }
            case "cluster_info" -> {
                title("Cluster Info");
                ClusterNode cluster = engine.cluster();
                if (cluster != null) {
                    text.append(ClusterCommands.info(cluster));
                }
            }
            case "scriptingengines" -> scriptingEngines();
            case "keyspace" -> databases();
            default -> throw new IllegalArgumentException(name);
        }
    }

    private void title(String title) {
        if (!text.isEmpty()) {
            text.append(END);
        }
        text.append("# ").append(title).append(END);
    }

    private void line(String field, Object value) {
        text.append(field).append(':').append(value).append(END);
    }

    private void scriptMemory(Scripting scripting) {
        long scripts = scripting.language().usedBytes(false);
        long functions = scripting.language().usedBytes(true);
        line("used_memory_lua", scripts);
        line("used_memory_vm_eval", scripts);
        line("used_memory_lua_human", human(scripts));
        line("used_memory_scripts_eval", scripting.scripts().sizeBytes());
        line("number_of_cached_scripts", scripting.scripts().count());
        line("number_of_functions", scripting.functions().functionCount());
        line("number_of_libraries", scripting.functions().libraryCount());
        line("used_memory_vm_functions", functions);
        line("used_memory_vm_total", scripts + functions);
        line("used_memory_vm_total_human", human(scripts + functions));
        line("used_memory_functions", scripting.functions().sizeBytes());
        long sources = scripting.scripts().sizeBytes() + scripting.functions().sizeBytes();
        line("used_memory_scripts", sources);
        line("used_memory_scripts_human", human(sources));
    }

    private void zeros(String... fields) {
        for (String field : fields) {
            line(field, 0);
        }
    }

    /** A number with two digits after the point. */
    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    private static double ratio(long one, long other) {
        return other == 0 ? 0 : (double) one / other;
    }

    /** A size for people: {@code 1.50M}. */
    private static String human(long bytes) {
        String units = "BKMGTPE";
        double size = bytes;
        int unit = 0;
        while (size >= 1024 && unit < units.length() - 1) {
            size /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + "B" : decimal(size) + units.charAt(unit);
    }

    private void bytes(String field, long value) {
        line(field, value);
        line(field + "_human", human(value));
    }

    private void server() {
        Host host = engine.host();
        long now = engine.clock().millis();
        long uptime = (now - engine.startMillis()) / 1000;
        Path file = host.configFile();
        title("Server");
        line("redis_version", Compatibility.REDIS_VERSION);
        line("server_name", Compatibility.SERVER_NAME);
        line("valkey_version", Compatibility.VALKEY_VERSION);
        line("valkey_release_stage", "ga");
        line("redis_git_sha1", "00000000");
        line("redis_git_dirty", 0);
        line("redis_build_id", "holdfast");
        line(
                config.program.extendedRedisCompatibility.get() ? "redis_mode" : "server_mode",
                engine.cluster() == null ? "standalone" : "cluster");
        line(
                "os",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"));
        line("arch_bits", 64);
        line("monotonic_clock", "System.nanoTime");
        line("multiplexing_api", host.multiplexing());
        line("gcc_version", "0.0.0");
        line("jvm_version", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        line("process_id", ProcessHandle.current().pid());
        line("process_supervised", "no");
        line("run_id", engine.runId());
        line("tcp_port", config.network.port.get() != 0 ? config.network.port.get() : config.tls.port.get());
        line("server_time_usec", engine.clock().micros());
        line("uptime_in_seconds", uptime);
        line("uptime_in_days", uptime / 86400);
        Shutdown shutdown = ReplicationNode.of(engine).shutdown();
        if (shutdown.isActive()) {
            line("shutdown_in_milliseconds", shutdown.millisLeft());
        }
        line("hz", config.hz.get());
        line("configured_hz", config.hz.get());
        line("clients_hz", config.hz.get());
        line("lru_clock", now / 1000 & 0xFFFFFF);
        line("executable", process.executable());
        line("config_file", file == null ? "" : file);
        line("io_threads_active", config.network.ioThreads.get() > 1 ? 1 : 0);
        line("availability_zone", config.program.availabilityZone.get());
        host.listeners().forEach(listener -> text.append(listener).append(END));
    }

    private void tls() {
        title("TLS");
        certificate("tls_server_cert", Host.CertificateUse.SERVER);
        certificate("tls_client_cert", Host.CertificateUse.CLIENT);
        certificate("tls_ca_cert", Host.CertificateUse.AUTHORITY);
    }

    private void certificate(String name, Host.CertificateUse use) {
        Host.Certificate certificate = engine.host().certificate(use);
        long left = certificate == null
                ? 0
                : certificate.expiresAtMillis() / 1000 - engine.clock().millis() / 1000;
        line(name + "_serial", certificate == null ? "none" : certificate.serial());
        line(name + "_expires_in_seconds", Math.max(0, left));
    }

    private void clients() {
        long input = 0;
        long output = 0;
        int subscribers = 0;
        int watching = 0;
        for (Client client : engine.clients()) {
            input = Math.max(input, client.link().queryBytes());
            output = Math.max(output, client.link().outputBytes());
            subscribers += client.isSubscriber() ? 1 : 0;
            watching += client.watch() != null ? 1 : 0;
        }
        title("Clients");
        line(
                "connected_clients",
                engine.clients().size()
                        - ReplicationNode.of(engine).replicas().all().size()
                        - (engine.replication().isReplica() ? 1 : 0));
        line("cluster_connections", 0);
        line("maxclients", config.network.maxclients.get());
        line("client_recent_max_input_buffer", input);
        line("client_recent_max_output_buffer", output);
        line(
                "blocked_clients",
                engine.blocking().blockedClients() + engine.pause().postponedClients());
        line("tracking_clients", engine.tracking().clients());
        line("pubsub_clients", subscribers);
        line("watching_clients", watching);
        line("clients_in_timeout_table", engine.blocking().blockedClients());
        line("total_watched_keys", engine.observers().watchedKeys());
        line("total_blocking_keys", engine.observers().awaitedKeys());
        line("total_blocking_keys_on_nokey", engine.observers().keysAwaitedForLoss());
        Pause pause = engine.pause();
        line("paused_reason", pause.reason());
        line("paused_actions", !pause.isActive() ? "none" : pause.isOnlyWrites() ? "write" : "all");
        line("paused_timeout_milliseconds", pause.millisLeft());
    }

    private void memory() {
        MemoryFigures memory = MemoryFigures.of(engine);
        long used = memory.usedBytes();
        long peak = memory.peakBytes();
        long resident = process.residentBytes();
        title("Memory");
        bytes("used_memory", used);
        bytes("used_memory_rss", resident);
        bytes("used_memory_peak", peak);
        line("used_memory_peak_perc", decimal(100 * ratio(used, peak)) + "%");
        line("used_memory_overhead", memory.overheadBytes());
        line("used_memory_startup", 0);
        line("used_memory_dataset", memory.datasetBytes());
        line("used_memory_dataset_perc", decimal(100 * ratio(memory.datasetBytes(), used)) + "%");
        line("allocator_allocated", memory.heapUsedBytes());
        line("allocator_active", memory.heapCommittedBytes());
        line("allocator_resident", memory.heapCommittedBytes());
        line("allocator_muzzy", 0);
        bytes("total_system_memory", memory.systemBytes());
        scriptMemory(Scripting.of(engine));
        bytes("maxmemory", config.memory.maxmemory.get());
        line("maxmemory_policy", config.memory.maxmemoryPolicy.get());
        line("allocator_frag_ratio", decimal(ratio(memory.heapCommittedBytes(), memory.heapUsedBytes())));
        line("allocator_frag_bytes", memory.heapCommittedBytes() - memory.heapUsedBytes());
        line("allocator_rss_ratio", "1.00");
        line("allocator_rss_bytes", 0);
        line("rss_overhead_ratio", decimal(ratio(resident, memory.heapCommittedBytes())));
        line("rss_overhead_bytes", resident - memory.heapCommittedBytes());
        line("mem_fragmentation_ratio", decimal(ratio(resident, used)));
        line("mem_fragmentation_bytes", resident - used);
        long backlog = ReplicationNode.of(engine).backlogMemory();
        long pending = ReplicationNode.of(engine).pendingBytes();
        zeros("mem_not_counted_for_evict");
        line("mem_replication_backlog", backlog);
        line("mem_total_replication_buffers", backlog + pending);
        line("mem_replicas_repl_buffer", pending);
        zeros("mem_clients_slaves");
        line("mem_clients_normal", memory.clientBytes());
        zeros("mem_cluster_links", "mem_cluster_slot_import", "mem_cluster_slot_export", "mem_aof_buffer");
        line("mem_allocator", "jvm-" + Runtime.version().feature());
        zeros(
                "mem_overhead_db_hashtable_rehashing",
                "active_defrag_running",
                "lazyfree_pending_objects",
                "lazyfreed_objects");
    }

    private void persistence() {
        title("Persistence");
        FilePersistence files = engine.persistence() instanceof FilePersistence present ? present : null;
        RdbSaves saves = files == null ? null : files.saves();
        Loading loading = files == null ? null : files.loading();
        line("loading", loading != null && loading.isActive() ? 1 : 0);
        line("async_loading", loading != null && loading.isBeside() ? 1 : 0);
        line("current_cow_peak", saves == null ? 0 : saves.mostRetainedBytes());
        line("current_cow_size", saves == null ? 0 : saves.retainedBytes());
        zeros("current_cow_size_age");
        long toSave = saves == null ? 0 : saves.keysToSave();
        long saved = saves == null ? 0 : saves.keysSaved();
        line("current_fork_perc", "%.2f".formatted(toSave == 0 ? 0.0 : 100.0 * saved / toSave));
        line("current_save_keys_processed", saved);
        line("current_save_keys_total", toSave);
        line("rdb_changes_since_last_save", statistics.changesSinceSave.sum());
        boolean isSaving = saves != null && saves.isSaving()
                || ReplicationNode.of(engine).replicas().isSnapshotRunning();
        line("rdb_bgsave_in_progress", isSaving ? 1 : 0);
        line("rdb_last_save_time", saves == null ? engine.startMillis() / 1000 : saves.lastSaveSeconds());
        line("rdb_last_bgsave_status", saves != null && saves.lastFailed() ? "err" : "ok");
        line("rdb_last_bgsave_time_sec", saves == null ? -1 : saves.lastDurationSeconds());
        line("rdb_current_bgsave_time_sec", saves == null ? -1 : saves.presentDurationSeconds());
        line("rdb_saves", saves == null ? 0 : saves.saves());
        line("rdb_last_cow_size", saves == null ? 0 : saves.lastMostRetainedBytes());
        line("rdb_last_load_keys_expired", loading == null ? 0 : loading.keysExpired());
        line("rdb_last_load_keys_loaded", loading == null ? 0 : loading.keysLoaded());
        appendOnly(files == null ? null : files.aof());
        zeros("module_fork_in_progress", "module_fork_last_cow_size", "slot_migration_fork_in_progress");
        if (files != null && files.aof().isOn()) {
            appendOnlyFigures(files.aof());
        }
        if (loading != null && (loading.isActive() || loading.isBeside())) {
            loading(loading);
        }
    }

    private void appendOnly(@Nullable AppendOnlyFile aof) {
        AofRewrite rewrite = aof == null ? null : aof.rewrite();
        line("aof_enabled", aof != null && aof.isOn() ? 1 : 0);
        line("aof_rewrite_in_progress", rewrite != null && rewrite.isUnderWay() ? 1 : 0);
        line("aof_rewrite_scheduled", rewrite != null && rewrite.isScheduled() ? 1 : 0);
        line("aof_last_rewrite_time_sec", rewrite == null ? -1 : rewrite.lastSeconds());
        line("aof_current_rewrite_time_sec", rewrite == null ? -1 : rewrite.presentSeconds());
        line("aof_last_bgrewrite_status", rewrite == null || rewrite.lastSucceeded() ? "ok" : "err");
        line("aof_rewrites", rewrite == null ? 0 : rewrite.rewrites());
        line("aof_rewrites_consecutive_failures", rewrite == null ? 0 : rewrite.failuresInARow());
        line("aof_last_write_status", aof != null && aof.isFailing() ? "err" : "ok");
        zeros("aof_last_cow_size");
    }

    private void appendOnlyFigures(AppendOnlyFile aof) {
        line("aof_current_size", aof.currentBytes());
        line("aof_base_size", aof.rewrittenBytes());
        line("aof_pending_rewrite", 0);
        line("aof_buffer_length", aof.bufferBytes());
        line("aof_pending_bio_fsync", aof.isSyncing() ? 1 : 0);
        line("aof_delayed_fsync", aof.delayedSyncs());
    }

    private void loading(Loading loading) {
        long total = loading.totalBytes();
        line("loading_start_time", loading.startMillis() / 1000);
        line("loading_total_bytes", total);
        line("loading_rdb_used_mem", loading.usedMemoryThen());
        line("loading_loaded_bytes", loading.loadedBytes());
        line("loading_loaded_perc", "%.2f".formatted(total == 0 ? 0.0 : 100.0 * loading.loadedBytes() / total));
        line("loading_eta_seconds", loading.etaSeconds());
    }

    private void stats() {
        PubSub pubSub = engine.pubSub();
        title("Stats");
        line("total_connections_received", statistics.connectionsReceived.sum());
        line("total_commands_processed", statistics.commandsProcessed());
        line("instantaneous_ops_per_sec", Math.round(statistics.commandRate.perSecond()));
        line("total_net_input_bytes", statistics.netInputBytes.sum());
        line("total_net_output_bytes", statistics.netOutputBytes.sum());
        line("total_net_repl_input_bytes", statistics.replicationInputBytes.sum());
        line("total_net_repl_output_bytes", statistics.replicationOutputBytes.sum());
        zeros("total_net_cluster_slot_import_bytes", "total_net_cluster_slot_export_bytes");
        line("instantaneous_input_kbps", kilobytes(statistics.inputRate));
        line("instantaneous_output_kbps", kilobytes(statistics.outputRate));
        line("instantaneous_input_repl_kbps", "0.00");
        line("instantaneous_output_repl_kbps", "0.00");
        line("rejected_connections", statistics.connectionsRejected.sum());
        line("sync_full", statistics.fullSyncs.sum());
        line("sync_partial_ok", statistics.partialSyncs.sum());
        line("sync_partial_err", statistics.refusedPartialSyncs.sum());
        line("expired_keys", statistics.expiredKeys.sum());
        line("expired_fields", statistics.expiredFields.sum());
        line("expired_stale_perc", decimal(100 * statistics.staleKeys));
        line("expired_keys_with_volatile_items_stale_perc", decimal(100 * statistics.staleHashes));
        line("expired_time_cap_reached_count", statistics.expiryTimeCaps.sum());
        line("expire_cycle_cpu_milliseconds", statistics.expiryNanos.sum() / 1_000_000);
        line("evicted_keys", statistics.evictedKeys.sum());
        long exceeded = engine.eviction().exceededNanos() / 1_000_000;
        line("evicted_clients", statistics.evictedClients.sum());
        line("evicted_scripts", Scripting.of(engine).scripts().evicted());
        line("total_eviction_exceeded_time", statistics.evictionExceededNanos.sum() / 1_000_000 + exceeded);
        line("current_eviction_exceeded_time", exceeded);
        line("keyspace_hits", statistics.keyspaceHits());
        line("keyspace_misses", statistics.keyspaceMisses());
        line("pubsub_channels", pubSub.names(PubSub.Kind.CHANNEL).size());
        line("pubsub_patterns", pubSub.names(PubSub.Kind.PATTERN).size());
        line("pubsubshard_channels", pubSub.names(PubSub.Kind.SHARD).size());
        zeros("latest_fork_usec");
        line("total_forks", ReplicationNode.of(engine).replicas().gate().begun());
        line("migrate_cached_sockets", engine.peers().size());
        zeros(
                "slave_expires_tracked_keys",
                "active_defrag_hits",
                "active_defrag_misses",
                "active_defrag_key_hits",
                "active_defrag_key_misses",
                "total_active_defrag_time",
                "current_active_defrag_time");
        line("tracking_total_keys", engine.tracking().keys());
        line("tracking_total_items", engine.tracking().items());
        line("tracking_total_prefixes", engine.tracking().prefixes());
        line("unexpected_error_replies", statistics.unexpectedErrors.sum());
        line("total_error_replies", statistics.errorReplies.sum());
        zeros(
                "dump_payload_sanitizations",
                "total_reads_processed",
                "total_writes_processed",
                "io_threaded_reads_processed",
                "io_threaded_writes_processed",
                "io_threaded_freed_objects",
                "io_threaded_accept_processed",
                "io_threaded_poll_processed",
                "io_threaded_total_prefetch_batches",
                "io_threaded_total_prefetch_entries");
        line("client_query_buffer_limit_disconnections", statistics.queryBufferLimitDisconnections.sum());
        line("client_output_buffer_limit_disconnections", statistics.outputBufferLimitDisconnections.sum());
        zeros(
                "reply_buffer_shrinks",
                "reply_buffer_expands",
                "eventloop_cycles",
                "eventloop_duration_sum",
                "eventloop_duration_cmd_sum",
                "instantaneous_eventloop_cycles_per_sec",
                "instantaneous_eventloop_duration_usec");
        line("acl_access_denied_auth", statistics.deniedLogins.sum());
        line("acl_access_denied_cmd", statistics.deniedCommands.sum());
        line("acl_access_denied_key", statistics.deniedKeys.sum());
        line("acl_access_denied_channel", statistics.deniedChannels.sum());
        line("acl_access_denied_tls_cert", statistics.deniedCertificates.sum());
        line("acl_access_denied_db", statistics.deniedDatabases.sum());
    }

    private static String kilobytes(Rate rate) {
        return decimal(rate.perSecond() / 1024);
    }

    private void replication() {
        ReplicationNode node = ReplicationNode.of(engine);
        ReplicationParameters parameters = config.replication;
        title("Replication");
        String primary = node.primaryHost();
        line("role", primary == null ? "master" : "slave");
        if (primary != null) {
            line("master_host", primary);
            primary(node, parameters);
        }
        List<Replica> replicas = node.replicas().all();
        line("connected_slaves", replicas.size());
        if (parameters.minReplicasToWrite.get() > 0 && parameters.minReplicasMaxLagSeconds.get() > 0) {
            line("min_slaves_good_slaves", node.replicas().good());
        }
        long now = engine.clock().millis();
        int number = 0;
        for (Replica replica : replicas) {
            line(
                    "slave" + number++,
                    "ip=" + replica.ip() + ",port=" + replica.port() + ",state=" + replica.stateText() + ",offset="
                            + replica.ackOffset() + ",lag=" + replica.lagSeconds(now) + ",type=" + replica.typeText());
        }
        line("replicas_waiting_psync", node.replicas().waitingForMain());
        line("master_failover_state", node.failover().stateText());
        line("master_replid", node.id());
        line("master_replid2", node.secondId());
        line("master_repl_offset", node.offset());
        line("second_repl_offset", node.secondEnd());
        line("repl_backlog_active", node.hasBacklog() ? 1 : 0);
        line("repl_backlog_size", parameters.backlogSize.get());
        line("repl_backlog_first_byte_offset", node.hasBacklog() ? node.backlogStart() + 1 : 0);
        line("repl_backlog_histlen", node.hasBacklog() ? node.offset() - node.backlogStart() : 0);
    }

    private void primary(ReplicationNode node, ReplicationParameters parameters) {
        line("master_port", node.primaryPort());
        line("master_link_status", node.isLinkUp() ? "up" : "down");
        line("master_last_io_seconds_ago", node.secondsSinceRead());
        line("master_sync_in_progress", node.isSynchronizing() ? 1 : 0);
        line("slave_read_repl_offset", node.offset());
        line("slave_repl_offset", node.offset());
        line("replicas_repl_buffer_size", node.pendingBytes());
        line("replicas_repl_buffer_peak", node.mostPendingBytes());
        if (node.isSynchronizing()) {
            long[] bytes = node.transferBytes();
            line("master_sync_total_bytes", bytes[1]);
            line("master_sync_read_bytes", bytes[0]);
            line("master_sync_left_bytes", bytes[1] - bytes[0]);
            line("master_sync_perc", decimal(bytes[1] == 0 ? 0 : 100.0 * bytes[0] / bytes[1]));
            line("master_sync_last_io_seconds_ago", 0);
        }
        if (!node.isLinkUp()) {
            line("master_link_down_since_seconds", node.secondsDown());
        }
        line("slave_priority", parameters.priority.get());
        line("slave_read_only", parameters.readOnly.get() ? 1 : 0);
        line("replica_announced", parameters.announced.get() ? 1 : 0);
    }

    private void cpu() {
        title("CPU");
        line("used_cpu_sys", seconds(process.systemMicros()));
        line("used_cpu_user", seconds(process.userMicros()));
        line("used_cpu_sys_children", seconds(0));
        line("used_cpu_user_children", seconds(0));
        line("used_cpu_sys_main_thread", seconds(process.systemMicros()));
        line("used_cpu_user_main_thread", seconds(process.userMicros()));
        line("used_active_time_main_thread", seconds(process.systemMicros() + process.userMicros()));
    }

    private static String seconds(long micros) {
        return String.format(Locale.ROOT, "%d.%06d", micros / 1_000_000, micros % 1_000_000);
    }

    private void commandStatistics() {
        title("Commandstats");
        for (CommandSpec command : engine.commands().commands()) {
            commandStatistics(command);
            command.subcommands().values().forEach(this::commandStatistics);
        }
    }

    private void commandStatistics(CommandSpec command) {
        long calls = statistics.calls(command);
        long failed = statistics.failedCalls(command);
        long rejected = statistics.rejectedCalls(command);
        if (calls + failed + rejected > 0) {
            long micros = statistics.nanos(command) / 1000;
            line(
                    "cmdstat_" + command.fullName(),
                    "calls=" + calls + ",usec=" + micros + ",usec_per_call=" + decimal(ratio(micros, calls))
                            + ",rejected_calls=" + rejected + ",failed_calls=" + failed);
        }
    }

    private void latencyStatistics() {
        title("Latencystats");
        for (CommandSpec command : engine.commands().commands()) {
            latencyStatistics(command);
            command.subcommands().values().forEach(this::latencyStatistics);
        }
    }

    private void latencyStatistics(CommandSpec command) {
        LatencyHistogram histogram = statistics.latency(command);
        if (histogram.total() > 0) {
            StringBuilder percentiles = new StringBuilder();
            for (String each :
                    config.monitoring.latencyTrackingInfoPercentiles.get().split(" ")) {
                if (!each.isEmpty()) {
                    double micros = histogram.percentile(Double.parseDouble(each)) / 1000.0;
                    percentiles.append(percentiles.isEmpty() ? "p" : ",p");
                    percentiles.append(each).append(String.format(Locale.ROOT, "=%.3f", micros));
                }
            }
            line("latency_percentiles_usec_" + command.fullName(), percentiles);
        }
    }

    private void errorStatistics() {
        title("Errorstats");
        for (Map.Entry<String, LongAdder> error : new TreeMap<>(statistics.errorsByCode()).entrySet()) {
            line("errorstat_" + error.getKey(), "count=" + error.getValue().sum());
        }
    }

    private void scriptingEngines() {
        title("Scripting Engines");
        zeros("engines_count", "engines_total_used_memory", "engines_total_memory_overhead");
    }

    private void databases() {
        title("Keyspace");
        for (int database = 0; database < keyspace.databases(); database++) {
            long keys = keyspace.size(database);
            if (keys > 0) {
                line(
                        "db" + database,
                        "keys=" + keys + ",expires=" + keyspace.expires(database) + ",avg_ttl="
                                + engine.expiry().averageTtl(database) + ",keys_with_volatile_items="
                                + keyspace.keysWithExpiringParts(database));
            }
        }
    }
}
