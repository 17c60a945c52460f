package dev.holdfast.spring;

import dev.holdfast.toolkit.Toolkit;

/** A bean of this type changes the toolkit before it is made. */
@FunctionalInterface
public interface ToolkitCustomizer {
    void customize(Toolkit.Builder builder);
}
