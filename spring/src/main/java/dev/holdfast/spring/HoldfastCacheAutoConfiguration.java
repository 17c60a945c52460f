package dev.holdfast.spring;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.codec.Codec;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.cache.CacheManager;
import org.springframework.cache.interceptor.CacheAspectSupport;
import org.springframework.context.annotation.Bean;
import org.springframework.core.io.ResourceLoader;

/**
 * The toolkit's caches behind Spring's annotations, where the application has {@code @EnableCaching} and no other cache manager. A bean
 * {@code holdfastCacheCodec} writes the values; as Java serializes them unless there is one.
 */
@AutoConfiguration(
        after = HoldfastAutoConfiguration.class,
        beforeName = "org.springframework.boot.cache.autoconfigure.CacheAutoConfiguration")
@ConditionalOnClass(CacheManager.class)
@ConditionalOnBean(CacheAspectSupport.class)
@ConditionalOnMissingBean(value = CacheManager.class, name = "cacheResolver")
public class HoldfastCacheAutoConfiguration {
    /** Made by Spring. */
    public HoldfastCacheAutoConfiguration() {}

    @Bean
    HoldfastCacheManager cacheManager(
            Toolkit toolkit,
            HoldfastProperties properties,
            @Qualifier("holdfastCacheCodec") ObjectProvider<Codec<Object>> codec,
            ResourceLoader resources) {
        return new HoldfastCacheManager(
                toolkit,
                properties.getCache(),
                codec.getIfAvailable(() -> new SerializationCodec(Classes.of(resources))));
    }
}
