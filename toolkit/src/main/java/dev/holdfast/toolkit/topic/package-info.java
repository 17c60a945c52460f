/** Topics: messages to whoever listens, and durable ones that wait for their readers. */
@NullMarked
package dev.holdfast.toolkit.topic;

import org.jspecify.annotations.NullMarked;
