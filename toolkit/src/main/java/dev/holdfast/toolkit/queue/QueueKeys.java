package dev.holdfast.toolkit.queue;

import dev.holdfast.toolkit.store.HashTag;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The keys of a set of queues. On a single server they are those that programs have always used, so that others may push to them by
 * hand; on a cluster the name is a hash tag, so that a message can be moved in one step.
 *
 * <pre>
 * queue:high, queue:medium, ...   lists; the next message is on the right
 * queue:dead-letter               a list of those that were given up
 * queue:dead-reasons              a hash: digest of a message -> why it was given up
 * queue:processing:&lt;worker&gt;       a set: the tokens of what a worker has in hand
 * queue:in-flight                 a hash: token -> the queue, deliveries, message
 * queue:leases                    a sorted set: tokens by the ends of their leases
 * queue:delayed                   a sorted set: tokens by when they are due
 * queue:strays                    a sorted set: queue and token of what was found by programs that do not serve the queue
 * queue:deliveries                a hash: digest of a message -> how often it was handed out in vain
 * queue:wake                      a list: a mark for each worker to wake
 * </pre>
 */
record QueueKeys(String prefix) {
    private static final Set<String> RESERVED =
            Set.of("dead-letter", "dead-reasons", "in-flight", "leases", "delayed", "strays", "deliveries", "wake");

    static QueueKeys of(String name, boolean cluster) {
        return new QueueKeys((cluster ? HashTag.of(escaped(name)) : name) + ":");
    }

    /** A name as it may stand in a hash tag. */
    private static String escaped(String name) {
        return name.indexOf('{') < 0 && name.indexOf('}') < 0
                ? name
                : name.replace("%", "%25").replace("{", "%7B").replace("}", "%7D");
    }

    /** Whether a queue may have this name. */
    static boolean isFree(String priority) {
        return !priority.isEmpty() && !RESERVED.contains(priority) && !priority.startsWith("processing:");
    }

    String queue(String priority) {
        return prefix + priority;
    }

    String dead() {
        return prefix + "dead-letter";
    }

    String leases() {
        return prefix + "leases";
    }

    String delayed() {
        return prefix + "delayed";
    }

    String strays() {
        return prefix + "strays";
    }

    String wake() {
        return prefix + "wake";
    }

    /** The keys of the scripts. */
    List<String> all(String worker, List<String> priorities) {
        List<String> keys = new ArrayList<>(List.of(
                prefix + "in-flight",
                leases(),
                prefix + "deliveries",
                dead(),
                prefix + "dead-reasons",
                delayed(),
                strays(),
                prefix + "processing:" + worker));
        priorities.forEach(priority -> keys.add(queue(priority)));
        return List.copyOf(keys);
    }
}
