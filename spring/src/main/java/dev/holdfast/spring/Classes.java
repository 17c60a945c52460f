package dev.holdfast.spring;

import org.springframework.core.io.ResourceLoader;
import org.springframework.util.ClassUtils;

/** Where an application's classes are. */
final class Classes {
    private Classes() {}

    static ClassLoader of(ResourceLoader resources) {
        ClassLoader own = resources.getClassLoader();
        if (own != null) {
            return own;
        }
        ClassLoader usual = ClassUtils.getDefaultClassLoader();
        return usual == null ? ClassLoader.getSystemClassLoader() : usual;
    }
}
