package dev.holdfast.toolkit.queue;

import dev.holdfast.toolkit.store.HashTag;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys of a set of queues. On a single server they are those that programs have always used, so that others may push to them by
 * hand; on a cluster the name is a hash tag, so that a message can be moved in one step.
 *
 * <pre>
 * queue:high, queue:medium, ...   lists; the next message is on the right
 * queue:dead-letter               a list of those that were given up
 * queue:processing:&lt;worker&gt;       a set: the tokens of what a worker has in hand
 * queue:in-flight                 a hash: token -> the queue, deliveries, message
 * queue:leases                    a sorted set: tokens by the ends of their leases
 * queue:deliveries                a hash: digest of a message -> how often it was handed out in vain
 * queue:wake                      a list: a mark for each worker to wake
 * </pre>
 */
record QueueKeys(String prefix) {
    static QueueKeys of(String name, boolean cluster) {
        return new QueueKeys((cluster ? HashTag.of(name) : name) + ":");
    }

    String queue(String priority) {
        return prefix + priority;
    }

    String dead() {
        return prefix + "dead-letter";
    }

    String inFlight() {
        return prefix + "in-flight";
    }

    String leases() {
        return prefix + "leases";
    }

    String deliveries() {
        return prefix + "deliveries";
    }

    String processing(String worker) {
        return prefix + "processing:" + worker;
    }

    String wake() {
        return prefix + "wake";
    }

    /** The keys of the scripts. */
    List<String> all(String worker, List<String> priorities) {
        List<String> keys = new ArrayList<>(List.of(inFlight(), leases(), deliveries(), dead(), processing(worker)));
        priorities.forEach(priority -> keys.add(queue(priority)));
        return keys;
    }
}
