package dev.holdfast.spring;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.codec.Codec;
import java.time.Duration;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.session.autoconfigure.SessionTimeout;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.core.io.ResourceLoader;
import org.springframework.session.SessionRepository;
import org.springframework.session.config.annotation.web.http.SpringHttpSessionConfiguration;

/**
 * The toolkit's sessions behind Spring Session, where a servlet application has it and no other repository. A bean {@code
 * holdfastSessionCodec} writes the attributes; as Java serializes them unless there is one.
 */
@AutoConfiguration(
        after = HoldfastAutoConfiguration.class,
        beforeName = {
            "org.springframework.boot.session.autoconfigure.SessionAutoConfiguration",
            "org.springframework.boot.session.data.redis.autoconfigure.SessionDataRedisAutoConfiguration"
        })
@ConditionalOnClass({SessionRepository.class, SessionTimeout.class})
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnMissingBean(SessionRepository.class)
@Import(SpringHttpSessionConfiguration.class)
public class HoldfastSessionAutoConfiguration {
    /** Made by Spring. */
    public HoldfastSessionAutoConfiguration() {}

    private static final Duration TIMEOUT = Duration.ofMinutes(30);

    @Bean
    HoldfastSessionRepository sessionRepository(
            Toolkit toolkit,
            HoldfastProperties properties,
            ObjectProvider<SessionTimeout> timeout,
            @Qualifier("holdfastSessionCodec") ObjectProvider<Codec<Object>> codec,
            ResourceLoader resources) {
        Duration chosen = timeout.stream()
                .map(SessionTimeout::getTimeout)
                .filter(time -> time != null)
                .findFirst()
                .orElse(TIMEOUT);
        return new HoldfastSessionRepository(
                toolkit.sessions(properties.getSession().getPrefix())
                        .ttl(HoldfastSession.lasting(chosen))
                        .build(),
                codec.getIfAvailable(() -> new SerializationCodec(Classes.of(resources))),
                chosen);
    }
}
