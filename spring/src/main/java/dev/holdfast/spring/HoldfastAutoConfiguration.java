package dev.holdfast.spring;

import dev.holdfast.server.Server;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.store.EmbeddedStore;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreUri;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;
import tools.jackson.databind.json.JsonMapper;

/**
 * A {@link Store} and a {@link Toolkit} for a Spring Boot application.
 *
 * <p>Without a line of configuration the store is in the application's own memory, and Spring Data finds it through a port on
 * loopback. Where {@code spring.data.redis} names a server, Sentinel or a cluster, or another bean brings the connection's details, the
 * toolkit works on that. {@code holdfast.uri} goes before both; see {@link HoldfastProperties}.
 */
@AutoConfiguration(
        beforeName = "org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration",
        afterName = {
            "org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration",
            "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration"
        })
@EnableConfigurationProperties(HoldfastProperties.class)
public class HoldfastAutoConfiguration {
    /** Made by Spring. */
    public HoldfastAutoConfiguration() {}

    private static final String EMBEDDED = "embedded:";

    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    Store holdfastStore(HoldfastProperties properties, ObjectProvider<StoreAddress> address) {
        String uri = properties.getUri();
        if (uri == null) {
            StoreAddress elsewhere = address.getIfAvailable();
            uri = elsewhere == null ? EMBEDDED : elsewhere.uri();
        }
        return StoreUri.open(uri);
    }

    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    Toolkit holdfastToolkit(Store store, ObjectProvider<ToolkitCustomizer> customizers) {
        Toolkit.Builder builder = Toolkit.builder();
        customizers.orderedStream().forEach(customizer -> customizer.customize(builder));
        return builder.over(store);
    }

    /** One store for the toolkit and Spring Data. Which of the two beans there is, their order decides. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(DataRedisConnectionDetails.class)
    static class SpringData {
        /** Where Spring Data finds the store in this application. */
        @Bean
        @Conditional(StoreIsEmbedded.class)
        @ConditionalOnMissingBean(DataRedisConnectionDetails.class)
        EmbeddedConnectionDetails holdfastConnectionDetails(Store store, HoldfastProperties properties)
                throws IOException {
            if (!(store instanceof EmbeddedStore embedded)) {
                throw new IllegalStateException("the store is elsewhere: set spring.data.redis.url for Spring Data");
            }
            // The store closes it.
            Server server = Server.serve(embedded.holdfast(), properties.getPort());
            return new EmbeddedConnectionDetails(server.port());
        }

        /** Where the toolkit finds Spring Data's store elsewhere. */
        @Bean
        @ConditionalOnMissingBean(EmbeddedConnectionDetails.class)
        StoreAddress holdfastStoreAddress(DataRedisConnectionDetails details) {
            return StoreAddress.of(details);
        }
    }

    /** The toolkit's metrics beside the application's own. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterRegistry.class)
    static class Metrics {
        @Bean
        ToolkitCustomizer holdfastMetrics(ObjectProvider<MeterRegistry> registry) {
            return builder -> registry.ifUnique(builder::meters);
        }
    }

    /** JSON as the application has it. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(JsonMapper.class)
    static class Json {
        @Bean
        ToolkitCustomizer holdfastJson(ObjectProvider<JsonMapper> mapper) {
            return builder -> mapper.ifUnique(builder::json);
        }
    }

    /** Where Spring Data finds the store in this application. */
    record EmbeddedConnectionDetails(int port) implements DataRedisConnectionDetails {
        @Override
        public Standalone getStandalone() {
            return Standalone.of("127.0.0.1", port);
        }
    }

    /** Matches unless the configuration names a store elsewhere. */
    static final class StoreIsEmbedded extends SpringBootCondition {
        private static final String[] ELSEWHERE = {
            "spring.data.redis.url",
            "spring.data.redis.host",
            "spring.data.redis.sentinel.master",
            "spring.data.redis.cluster.nodes",
            "spring.data.redis.cluster.nodes[0]",
            "spring.data.redis.masterreplica.nodes",
            "spring.data.redis.masterreplica.nodes[0]"
        };

        @Override
        public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
            Environment environment = context.getEnvironment();
            for (String name : ELSEWHERE) {
                if (environment.containsProperty(name)) {
                    return ConditionOutcome.noMatch(
                            ConditionMessage.forCondition("Holdfast").because(name + " is set"));
                }
            }
            String uri = environment.getProperty("holdfast.uri", EMBEDDED);
            return uri.startsWith(EMBEDDED)
                    ? ConditionOutcome.match()
                    : ConditionOutcome.noMatch(
                            ConditionMessage.forCondition("Holdfast").because("holdfast.uri is a store elsewhere"));
        }
    }
}
