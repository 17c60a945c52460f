package dev.holdfast.spring;

import dev.holdfast.toolkit.Toolkit;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/** The health of the store and of every pattern at work, as {@code holdfast} among the application's. */
@AutoConfiguration(after = HoldfastAutoConfiguration.class)
@ConditionalOnClass(HealthIndicator.class)
@ConditionalOnEnabledHealthIndicator("holdfast")
public class HoldfastHealthAutoConfiguration {
    /** Made by Spring. */
    public HoldfastHealthAutoConfiguration() {}

    @Bean
    HealthIndicator holdfastHealthIndicator(Toolkit toolkit) {
        return () -> {
            Health.Builder health = Health.up();
            toolkit.health().forEach((name, part) -> {
                health.withDetail(name, part.with("up", part.up()).details());
                if (!part.up()) {
                    health.down();
                }
            });
            return health.build();
        };
    }
}
