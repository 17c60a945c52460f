/** Topics: messages to present listeners, and durable ones that wait for their readers. */
@NullMarked
package dev.holdfast.toolkit.topic;

import org.jspecify.annotations.NullMarked;
