package dev.holdfast.app.log;

import java.io.Serial;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/** An SLF4J logger that hands every enabled call to {@link LogOutput}. */
final class OutputLogger extends LegacyAbstractLogger {
    @Serial
    private static final long serialVersionUID = 1L;

    private final boolean ours;

    OutputLogger(String name) {
        this.name = name;
        this.ours = name.startsWith("dev.holdfast.");
    }

    @Override
    public boolean isTraceEnabled() {
        return ours && LogOutput.isEnabled(Level.TRACE);
    }

    @Override
    public boolean isDebugEnabled() {
        return ours && LogOutput.isEnabled(Level.DEBUG);
    }

    @Override
    public boolean isInfoEnabled() {
        return ours && LogOutput.isEnabled(Level.INFO);
    }

    @Override
    public boolean isWarnEnabled() {
        return LogOutput.isEnabled(Level.WARN);
    }

    @Override
    public boolean isErrorEnabled() {
        return LogOutput.isEnabled(Level.ERROR);
    }

    @Override
    protected @Nullable String getFullyQualifiedCallerName() {
        return null;
    }

    @Override
    protected void handleNormalizedLoggingCall(
            Level level,
            @Nullable Marker marker,
            String message,
            Object @Nullable [] arguments,
            @Nullable Throwable thrown) {
        String text = arguments == null ? message : MessageFormatter.basicArrayFormat(message, arguments);
        LogOutput.write(level, text, thrown);
    }
}
