package dev.holdfast.junit;

import dev.holdfast.engine.Holdfast;
import java.lang.reflect.Parameter;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/** What {@link HoldfastTest} does. */
public final class HoldfastExtension
        implements BeforeAllCallback, AfterAllCallback, AfterEachCallback, ParameterResolver {
    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(HoldfastExtension.class);

    /** Of which kind a store is; tests of the same kind may share one. */
    private record Kind(List<String> config) {}

    /** A system property, to be put back. */
    private record Property(String name, @Nullable String former) implements AutoCloseable {
        static Property set(String name, String value) {
            return new Property(name, System.setProperty(name, value));
        }

        @Override
        public void close() {
            if (former == null) {
                System.clearProperty(name);
            } else {
                System.setProperty(name, former);
            }
        }
    }

    /** JUnit makes it. */
    public HoldfastExtension() {}

    @Override
    public void beforeAll(ExtensionContext context) {
        TestStore store = store(context);
        String property = annotation(context).uriProperty();
        if (!property.isEmpty()) {
            context.getStore(NAMESPACE)
                    .put(property, Property.set(property, store.uri().toString()));
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (annotation(context).flush()) {
            store(context).reset();
        } else {
            store(context).heal();
        }
    }

    /** Other classes may use the store after this one. */
    @Override
    public void afterAll(ExtensionContext context) {
        afterEach(context);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameterContext, ExtensionContext context) {
        Parameter parameter = parameterContext.getParameter();
        return parameter.getType() == TestStore.class
                || parameter.getType() == Holdfast.class
                || parameter.getType() == URI.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameterContext, ExtensionContext context) {
        TestStore store = store(context);
        Class<?> type = parameterContext.getParameter().getType();
        if (type == TestStore.class) {
            return store;
        }
        return type == URI.class ? store.uri() : store.holdfast();
    }

    private static HoldfastTest annotation(ExtensionContext context) {
        Class<?> test = context.getRequiredTestClass();
        return AnnotationSupport.findAnnotation(test, HoldfastTest.class, context.getEnclosingTestClasses())
                .orElseThrow(() -> new ExtensionConfigurationException(
                        test.getName() + " uses HoldfastExtension without @HoldfastTest"));
    }

    /** The store of a test: found where a class around it or another one has opened it, else opened. JUnit closes it. */
    private static TestStore store(ExtensionContext context) {
        HoldfastTest annotation = annotation(context);
        ExtensionContext owner = annotation.scope() == HoldfastTest.Scope.SUITE ? context.getRoot() : context;
        return owner.getStore(NAMESPACE)
                .computeIfAbsent(
                        new Kind(List.of(annotation.config())),
                        kind -> TestStore.open(annotation.config()),
                        TestStore.class);
    }
}
