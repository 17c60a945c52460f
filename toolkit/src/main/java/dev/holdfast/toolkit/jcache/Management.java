package dev.holdfast.toolkit.jcache;

import java.lang.management.ManagementFactory;
import javax.cache.CacheException;
import javax.cache.configuration.CompleteConfiguration;
import javax.cache.management.CacheMXBean;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** The beans of a cache, by the names that the specification gives. */
final class Management {
    private Management() {}

    static void register(JCache<?, ?> cache, String type, Object bean) {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        try {
            ObjectName name = name(cache, type);
            if (!server.isRegistered(name)) {
                server.registerMBean(bean, name);
            }
        } catch (JMException e) {
            throw new CacheException("the bean of " + cache.getName() + " could not be registered", e);
        }
    }

    static void unregister(JCache<?, ?> cache, String type) {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        try {
            ObjectName name = name(cache, type);
            if (server.isRegistered(name)) {
                server.unregisterMBean(name);
            }
        } catch (JMException e) {
            throw new CacheException("the bean of " + cache.getName() + " could not be removed", e);
        }
    }

    private static ObjectName name(JCache<?, ?> cache, String type) throws JMException {
        return new ObjectName("javax.cache:type=" + type + ",CacheManager="
                + clean(cache.getCacheManager().getURI().toString()) + ",Cache=" + clean(cache.getName()));
    }

    private static String clean(String text) {
        return text.replaceAll("[,:=\n]", ".");
    }

    /** What a cache is like. */
    record ConfigurationBean(CompleteConfiguration<?, ?> configuration) implements CacheMXBean {
        @Override
        public String getKeyType() {
            return configuration.getKeyType().getName();
        }

        @Override
        public String getValueType() {
            return configuration.getValueType().getName();
        }

        @Override
        public boolean isReadThrough() {
            return configuration.isReadThrough();
        }

        @Override
        public boolean isWriteThrough() {
            return configuration.isWriteThrough();
        }

        @Override
        public boolean isStoreByValue() {
            return configuration.isStoreByValue();
        }

        @Override
        public boolean isStatisticsEnabled() {
            return configuration.isStatisticsEnabled();
        }

        @Override
        public boolean isManagementEnabled() {
            return configuration.isManagementEnabled();
        }
    }
}
