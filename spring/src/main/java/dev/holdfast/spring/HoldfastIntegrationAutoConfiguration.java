package dev.holdfast.spring;

import dev.holdfast.toolkit.Toolkit;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.integration.support.locks.LockRegistry;

/** The toolkit's locks behind Spring Integration's registry, where the application has none. */
@AutoConfiguration(after = HoldfastAutoConfiguration.class)
@ConditionalOnClass(LockRegistry.class)
@ConditionalOnMissingBean(LockRegistry.class)
public class HoldfastIntegrationAutoConfiguration {
    /** Made by Spring. */
    public HoldfastIntegrationAutoConfiguration() {}

    @Bean
    HoldfastLockRegistry lockRegistry(Toolkit toolkit, HoldfastProperties properties) {
        return new HoldfastLockRegistry(toolkit.locks(properties.getLock().getLease()));
    }
}
