package dev.holdfast.toolkit.queue;

import java.time.Instant;
import java.util.Optional;

/**
 * A message that was given up. What is not known of it, because another program has put it there, is empty.
 *
 * @param message the message; empty if it cannot be read
 * @param bytes as it is stored
 * @param reason why it was given up, up to 500 characters
 * @param time when it was
 * @param deliveries how often it had been handed out; 0 if that is not known
 * @param priority the queue that it came from
 */
@SuppressWarnings("ArrayRecordComponent") // They are not compared.
public record DeadMessage<T>(
        Optional<T> message,
        byte[] bytes,
        Optional<String> reason,
        Optional<Instant> time,
        long deliveries,
        Optional<String> priority) {}
