package dev.holdfast.engine.scripting;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The interpreters of one kind, of which a script takes one for as long as it runs. There come to be as many as have been in use
 * at the same time, and never more than there are shards, since each running script has one locked.
 */
final class LuaStates {
    /** As many as there may be shards. */
    private static final int PLACES = 64;

    private final AtomicReferenceArray<@Nullable LuaState> idle = new AtomicReferenceArray<>(PLACES);
    private final List<LuaState> all = new CopyOnWriteArrayList<>();
    private final Supplier<LuaState> maker;

    LuaStates(Supplier<LuaState> maker) {
        this.maker = maker;
    }

    /** An interpreter for the caller alone; if possible the one that its thread had the last time, which is in its caches. */
    LuaState take() {
        int first = place();
        for (int i = 0; i < PLACES; i++) {
            int place = (first + i) % PLACES;
            if (idle.getPlain(place) != null) {
                LuaState state = idle.getAndSet(place, null);
                if (state != null) {
                    return state;
                }
            }
        }
        LuaState made = maker.get();
        all.add(made);
        return made;
    }

    /** Takes an interpreter back. */
    void give(LuaState state) {
        int first = place();
        for (int i = 0; i < PLACES; i++) {
            int place = (first + i) % PLACES;
            if (idle.getPlain(place) == null && idle.compareAndSet(place, null, state)) {
                return;
            }
        }
        drop(state);
    }

    /** Forgets an interpreter. */
    void drop(LuaState state) {
        all.remove(state);
        state.lua().close();
    }

    private static int place() {
        return (int) Thread.currentThread().threadId() & PLACES - 1;
    }

    /** The bytes that the values of all of them take. */
    long usedBytes() {
        long sum = 0;
        for (LuaState state : all) {
            sum += state.lua().memory().charged();
        }
        return sum;
    }
}
