package dev.holdfast.app;

import dev.holdfast.app.log.LogOutput;
import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.config.ProgramParameters;
import java.io.IOException;
import java.nio.file.Path;

/** The program's log, as its configuration asks for it. */
final class ProgramLog {
    private ProgramLog() {}

    /** @throws IllegalArgumentException if the file cannot be opened; the message says why */
    static void setUp(ProgramParameters parameters) {
        String logfile = parameters.logfile.get();
        try {
            LogOutput.setFile(logfile.isEmpty() ? null : inDirectory(parameters, logfile));
        } catch (IOException e) {
            throw new IllegalArgumentException("Can't open the log file: " + Reason.of(e), e);
        }
        parameters.loglevel.onChange(() -> LogOutput.setLevel(parameters.loglevel.get()));
        LogOutput.setLevel(parameters.loglevel.get());
        parameters.logFormat.onChange(() -> setFormat(parameters));
        parameters.logTimestampFormat.onChange(() -> setFormat(parameters));
        setFormat(parameters);
    }

    private static void setFormat(ProgramParameters parameters) {
        LogOutput.setFormat(parameters.logFormat.get(), parameters.logTimestampFormat.get());
    }

    /** A file of the program: relative names are under {@code dir}. */
    static Path inDirectory(ProgramParameters parameters, String name) {
        return Path.of(parameters.dir.get()).resolve(name);
    }
}
