package dev.holdfast.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Gives a test class a store, in this JVM and on a free port of the loopback interface.
 *
 * <pre>
 * &#64;HoldfastTest
 * class OrdersTest {
 *     &#64;Test
 *     void aReservationEnds(TestStore store) {
 *         Orders orders = new Orders(store.uri());        // any client
 *         orders.reserve("42", Duration.ofMinutes(30));
 *         store.advance(Duration.ofMinutes(31));
 *         assertFalse(orders.isReserved("42"));
 *     }
 * }
 * </pre>
 *
 * <p>Methods and constructors of the class may have parameters of these types: {@link TestStore}; {@link java.net.URI}, by which
 * clients reach the store; {@link dev.holdfast.engine.Holdfast}, for calls without a client. After each test all faults end, the
 * clock is right again, and the store is empty. Therefore the tests of a class run one after the other.
 */
@Documented
@Inherited
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(HoldfastExtension.class)
@Execution(ExecutionMode.SAME_THREAD)
public @interface HoldfastTest {
    /** For how long a store lives. */
    enum Scope {
        /** Until the last test of the class has ended, those of its nested classes included. */
        CLASS,
        /** Until the last test of all has ended. Classes with the same configuration share the store, so they must not run at once. */
        SUITE
    }

    /** Lines as in {@code valkey.conf}, such as {@code "requirepass secret"}. */
    String[] config() default {};

    /** Whether other classes use the store too. */
    Scope scope() default Scope.CLASS;

    /** Whether each test finds the store empty. If not, a test finds what the ones before it have left, and the clock as they left it. */
    boolean flush() default true;

    /**
     * A system property that holds the store's URI while the tests run, for frameworks that read their configuration from there:
     * {@code "spring.data.redis.url"} or {@code "quarkus.redis.hosts"}. The annotation has to stand before the framework's own.
     */
    String uriProperty() default "";
}
