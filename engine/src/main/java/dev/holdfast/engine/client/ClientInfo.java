package dev.holdfast.engine.client;

import dev.holdfast.engine.catalog.CommandSpec;

/** The line that {@code CLIENT LIST} shows of each client. */
public final class ClientInfo {
    private ClientInfo() {}

    /** The flags as letters; N where there are none. */
    public static String flags(Client client) {
        StringBuilder flags = new StringBuilder();
        add(flags, 'O', client.isMonitor());
        add(flags, 'S', client.isReplica());
        add(flags, 'M', client.isPrimary());
        add(flags, 'P', client.isSubscriber());
        add(flags, 'x', client.transaction() != null);
        add(flags, 'b', client.waiter() != null || client.isPostponed());
        Tracker tracker = client.tracker();
        if (tracker != null && tracker.isOn()) {
            add(flags, 't', true);
            add(flags, 'R', tracker.isBroken());
            add(flags, 'B', tracker.isBroadcast());
        }
        Watch watch = client.watch();
        add(flags, 'd', watch != null && watch.isTouched());
        add(flags, 'c', client.isClosing());
        add(flags, 'U', client.link().address().startsWith("/"));
        add(flags, 'r', client.isReadOnly());
        add(flags, 'e', client.noEvict());
        add(flags, 'T', client.noTouch());
        add(flags, 'I', client.isImportSource());
        return flags.isEmpty() ? "N" : flags.toString();
    }

    private static void add(StringBuilder flags, char letter, boolean set) {
        if (set) {
            flags.append(letter);
        }
    }

    public static String capabilities(Client client) {
        return client.isRedirectCapable() ? "r" : "";
    }

    /** The whole line, without its end. */
    public static String show(Client client, long nowMillis) {
        Link link = client.link();
        QueuedCommands transaction = client.transaction();
        Watch watch = client.watch();
        CommandSpec last = client.lastCommand();
        long output = link.outputBytes();
        long query = link.queryBytes();
        return "id=" + client.id()
                + " addr=" + link.address()
                + " laddr=" + link.localAddress()
                + " fd=" + link.descriptor()
                + " name=" + client.name()
                + " age=" + (nowMillis / 1000 - client.createdMillis() / 1000)
                + " idle=" + Math.max(0, nowMillis / 1000 - client.lastUsedMillis() / 1000)
                + " flags=" + flags(client)
                + " capa=" + capabilities(client)
                + " db=" + client.database()
                + " sub=" + client.channels().size()
                + " psub=" + client.patterns().size()
                + " ssub=" + client.shardChannels().size()
                + " multi=" + (transaction == null ? -1 : transaction.size())
                + " watch=" + (watch == null ? 0 : watch.size())
                + " qbuf=" + query
                + " qbuf-free=0"
                + " argv-mem=0"
                + " multi-mem=" + (transaction == null ? 0 : transaction.sizeBytes())
                + " rbs=0"
                + " rbp=0"
                + " obl=0"
                + " oll=" + (output > 0 ? 1 : 0)
                + " omem=" + output
                + " tot-mem=" + client.heldBytes()
                + " events=r"
                + " cmd=" + (last == null ? "NULL" : last.fullName())
                + " user=" + client.user().shownName()
                + " redir=" + redirection(client)
                + " resp=" + (client.resp3() ? 3 : 2)
                + " lib-name=" + client.libraryName()
                + " lib-ver=" + client.libraryVersion()
                + " tot-net-in=" + link.bytesIn()
                + " tot-net-out=" + link.bytesOut()
                + " tot-cmds=" + client.commands();
    }

    /** The client that gets the invalidations in a client's place; 0 for itself, -1 for none. */
    public static long redirection(Client client) {
        Tracker tracker = client.tracker();
        return tracker == null || !tracker.isOn() ? -1 : tracker.redirection();
    }
}
