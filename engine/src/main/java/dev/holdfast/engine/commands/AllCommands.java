package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.replication.ReplicationNode;
import dev.holdfast.engine.scripting.Scripting;
import java.util.List;
import java.util.stream.Stream;

/** Every command of every family, and the store that has them all. */
public final class AllCommands {
    private AllCommands() {}

    /** Opens an empty store with all commands and with scripts. */
    public static Engine engine(Config config, Clock clock) {
        Engine engine = new Engine(config, clock, list());
        engine.setScripts(new Scripting(engine));
        engine.setReplication(new ReplicationNode(engine));
        return engine;
    }

    public static List<CommandSpec> list() {
        return Stream.of(
                        KeyCommands.COMMANDS,
                        ExpireCommands.COMMANDS,
                        ScanCommands.COMMANDS,
                        StringCommands.COMMANDS,
                        StringPartCommands.COMMANDS,
                        CounterCommands.COMMANDS,
                        BitmapCommands.COMMANDS,
                        BitfieldCommands.COMMANDS,
                        HyperLogLogCommands.COMMANDS,
                        ListCommands.COMMANDS,
                        BlockingListCommands.COMMANDS,
                        SetCommands.COMMANDS,
                        HashCommands.COMMANDS,
                        HashExpiryCommands.COMMANDS,
                        ConnectionCommands.COMMANDS,
                        ClientCommands.COMMANDS,
                        PubSubCommands.COMMANDS,
                        SortedSetCommands.COMMANDS,
                        SortedSetRangeCommands.COMMANDS,
                        SortedSetAlgebraCommands.COMMANDS,
                        SortedSetPopCommands.COMMANDS,
                        GeoCommands.COMMANDS,
                        GeoSearchCommands.COMMANDS,
                        SortCommands.COMMANDS,
                        StreamCommands.COMMANDS,
                        StreamReadCommands.COMMANDS,
                        StreamGroupCommands.COMMANDS,
                        StreamPendingCommands.COMMANDS,
                        StreamInfoCommands.COMMANDS,
                        TransactionCommands.COMMANDS,
                        ServerCommands.COMMANDS,
                        AclCommands.COMMANDS,
                        ReplicationCommands.COMMANDS,
                        ClusterCommands.COMMANDS,
                        LogCommands.COMMANDS,
                        ModuleCommands.COMMANDS,
                        LatencyCommands.COMMANDS,
                        ConfigCommands.COMMANDS,
                        DebugCommands.COMMANDS,
                        SaveCommands.COMMANDS,
                        DumpCommands.COMMANDS,
                        ScriptCommands.COMMANDS,
                        FunctionCommands.COMMANDS,
                        MemoryCommands.COMMANDS,
                        CommandCommands.COMMANDS)
                .flatMap(List::stream)
                .toList();
    }
}
