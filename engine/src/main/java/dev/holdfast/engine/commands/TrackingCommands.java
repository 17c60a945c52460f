package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.change.Tracking;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.ClientInfo;
import dev.holdfast.engine.client.Tracker;
import dev.holdfast.engine.client.Tracker.Mode;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.protocol.Reply;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The handlers of {@code CLIENT TRACKING} and its kin; {@link ClientCommands} declares them. */
final class TrackingCommands {
    private static final String OVERLAPS = "Prefixes for a single client must not overlap.";
    private static final String BEFORE_DISABLING =
            " before disabling tracking for this client, and then re-enabling it with a different mode.";

    private TrackingCommands() {}

    /** The options of {@code CLIENT TRACKING}. */
    private static final class Options {
        private boolean broadcast;
        private boolean optIn;
        private boolean optOut;
        private boolean noLoop;
        private long redirection;
        private final List<Slice> prefixes = new ArrayList<>();

        static Options parse(Call call) {
            Options options = new Options();
            for (int i = 3; i < call.argCount(); i++) {
                Slice word = call.arg(i);
                boolean more = i + 1 < call.argCount();
                if (word.isWord("REDIRECT") && more) {
                    i++;
                    options.redirect(call, i);
                } else if (word.isWord("BCAST")) {
                    options.broadcast = true;
                } else if (word.isWord("OPTIN")) {
                    options.optIn = true;
                } else if (word.isWord("OPTOUT")) {
                    options.optOut = true;
                } else if (word.isWord("NOLOOP")) {
                    options.noLoop = true;
                } else if (word.isWord("PREFIX") && more) {
                    i++;
                    options.prefixes.add(new Slice(call.arg(i).toBytes()));
                } else {
                    throw CommandException.syntax();
                }
            }
            return options;
        }

        private void redirect(Call call, int index) {
            if (redirection != 0) {
                throw new CommandException("ERR A client can only redirect to a single other client");
            }
            redirection = call.longArg(index);
            if (call.engine().clients().find(redirection) == null) {
                throw new CommandException("ERR The client ID you want redirect to does not exist");
            }
        }

        Mode mode() {
            return broadcast ? Mode.BROADCAST : optIn ? Mode.OPTIN : optOut ? Mode.OPTOUT : Mode.DEFAULT;
        }

        /** Fails where the options do not go together, or not with those that hold already. */
        void check(@Nullable Tracker present) {
            boolean on = present != null && present.isOn();
            Mode before = present != null && on ? present.mode() : Mode.DEFAULT;
            if (!broadcast && !prefixes.isEmpty()) {
                throw new CommandException("ERR PREFIX option requires BCAST mode to be enabled");
            }
            if (on && (before == Mode.BROADCAST) != broadcast) {
                throw new CommandException("ERR You can't switch BCAST mode on/off" + BEFORE_DISABLING);
            }
            if (broadcast && (optIn || optOut)) {
                throw new CommandException("ERR OPTIN and OPTOUT are not compatible with BCAST");
            }
            if (optIn && optOut) {
                throw new CommandException("ERR You can't specify both OPTIN mode and OPTOUT mode");
            }
            if (optIn && before == Mode.OPTOUT || optOut && before == Mode.OPTIN) {
                throw new CommandException("ERR You can't switch OPTIN/OPTOUT mode" + BEFORE_DISABLING);
            }
            for (int i = 0; i < prefixes.size(); i++) {
                checkPrefix(i, present);
            }
        }

        /** No key may begin with two prefixes of a client. */
        private void checkPrefix(int index, @Nullable Tracker present) {
            Slice prefix = prefixes.get(index);
            if (present != null) {
                for (Slice other : present.prefixes()) {
                    if (overlap(prefix, other)) {
                        throw new CommandException("ERR Prefix '" + prefix + "' overlaps with an existing prefix '"
                                + other + "'. " + OVERLAPS);
                    }
                }
            }
            for (Slice other : prefixes.subList(index + 1, prefixes.size())) {
                if (overlap(prefix, other)) {
                    throw new CommandException("ERR Prefix '" + prefix + "' overlaps with another provided prefix '"
                            + other + "'. " + OVERLAPS);
                }
            }
        }

        private static boolean overlap(Slice one, Slice other) {
            return Tracking.startsWith(one, other) || Tracking.startsWith(other, one);
        }
    }

    static void tracking(Call call) {
        Options options = Options.parse(call);
        Client client = call.client();
        if (call.arg(2).isWord("ON")) {
            options.check(client.tracker());
            call.engine()
                    .tracking()
                    .begin(client, options.mode(), options.noLoop, options.redirection, options.prefixes);
        } else if (call.arg(2).isWord("OFF")) {
            call.engine().tracking().end(client);
        } else {
            throw CommandException.syntax();
        }
        call.reply().ok();
    }

    static void caching(Call call) {
        Tracker tracker = call.client().tracker();
        if (tracker == null || !tracker.isOn()) {
            throw new CommandException("ERR CLIENT CACHING can be called only when the client is in tracking mode with"
                    + " OPTIN or OPTOUT mode enabled");
        }
        boolean yes = call.arg(2).isWord("YES");
        if (!yes && !call.arg(2).isWord("NO")) {
            throw CommandException.syntax();
        }
        if (tracker.mode() != (yes ? Mode.OPTIN : Mode.OPTOUT)) {
            throw new CommandException("ERR CLIENT CACHING " + (yes ? "YES" : "NO")
                    + " is only valid when tracking is enabled in " + (yes ? "OPTIN" : "OPTOUT") + " mode.");
        }
        tracker.giveCaching();
        call.reply().ok();
    }

    static void redirection(Call call) {
        call.reply().integer(ClientInfo.redirection(call.client()));
    }

    static void info(Call call) {
        Tracker tracker = call.client().tracker();
        Reply reply = call.reply();
        List<String> flags = flags(tracker);
        reply.map(3);
        reply.bulk("flags");
        reply.set(flags.size());
        flags.forEach(reply::bulk);
        reply.bulk("redirect");
        reply.integer(ClientInfo.redirection(call.client()));
        reply.bulk("prefixes");
        List<Slice> prefixes = tracker == null ? List.of() : List.copyOf(tracker.prefixes());
        reply.array(prefixes.size());
        prefixes.forEach(reply::bulk);
    }

    private static List<String> flags(@Nullable Tracker tracker) {
        if (tracker == null || !tracker.isOn()) {
            return List.of("off");
        }
        List<String> flags = new ArrayList<>();
        flags.add("on");
        switch (tracker.mode()) {
            case BROADCAST -> flags.add("bcast");
            case OPTIN -> {
                flags.add("optin");
                if (tracker.isCachingGiven()) {
                    flags.add("caching-yes");
                }
            }
            case OPTOUT -> {
                flags.add("optout");
                if (tracker.isCachingGiven()) {
                    flags.add("caching-no");
                }
            }
            case DEFAULT -> {}
        }
        if (tracker.noLoop()) {
            flags.add("noloop");
        }
        if (tracker.isBroken()) {
            flags.add("broken_redirect");
        }
        return flags;
    }
}
