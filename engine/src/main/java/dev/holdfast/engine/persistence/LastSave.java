package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.Pause;
import dev.holdfast.engine.keyspace.Keyspace;
import java.io.IOException;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Saves what is to be saved before a program ends, by SHUTDOWN or by a signal. Nothing that writes runs from its beginning on, so that
 * all that has been acknowledged is in the files. Where it fails the store goes on, unless it is to end by force.
 */
public final class LastSave {
    private static final Logger LOG = LoggerFactory.getLogger(LastSave.class);

    private LastSave() {}

    /**
     * Saves, and leaves clients that write waiting for the end.
     *
     * @param words of SHUTDOWN in capital letters: SAVE, NOSAVE, FORCE; others mean nothing here
     * @return false if it has failed, and the store goes on
     */
    public static boolean take(Engine engine, Set<String> words) {
        engine.host().beforeLastSave();
        if (!(engine.persistence() instanceof FilePersistence persistence)) {
            return true;
        }
        Pause pause = engine.pause();
        pause.start(Pause.Purpose.SHUTDOWN, Long.MAX_VALUE, true);
        if (!words.contains("NOSAVE")) {
            awaitWrites(engine);
        }
        try {
            persistence.finish(
                    words.contains("SAVE")
                            ? FilePersistence.FinalSave.ALWAYS
                            : words.contains("NOSAVE")
                                    ? FilePersistence.FinalSave.NEVER
                                    : FilePersistence.FinalSave.AS_CONFIGURED);
            return true;
        } catch (IOException e) {
            if (words.contains("FORCE")) {
                LOG.warn("Error trying to save the DB: {}. Exit anyway.", Reason.of(e));
                return true;
            }
            LOG.warn(
                    "Error trying to save the DB, can't exit: {}. The store goes on: make room, or mend it, and end it again;"
                            + " SHUTDOWN NOSAVE ends it without what is not saved.",
                    Reason.of(e));
            pause.stop(Pause.Purpose.SHUTDOWN);
            engine.host().lastSaveFailed();
            return false;
        }
    }

    /** Waits until the commands that had begun before the pause are over. */
    private static void awaitWrites(Engine engine) {
        engine.host().awaitCommands();
        Keyspace keyspace = engine.keyspace();
        keyspace.lock(keyspace.allShards());
        keyspace.unlock(keyspace.allShards());
    }
}
