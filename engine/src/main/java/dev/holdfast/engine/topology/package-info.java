/** Other servers: the cluster's node, connections to peers. */
@NullMarked
package dev.holdfast.engine.topology;

import org.jspecify.annotations.NullMarked;
