package dev.holdfast.engine.scripting;

import dev.holdfast.engine.acl.AclDenial;
import dev.holdfast.engine.acl.AclLog;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.ScriptRun;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import org.jspecify.annotations.Nullable;

/** Runs the commands of scripts, whatever these are written in. */
final class ScriptCommands {
    private ScriptCommands() {}

    /**
     * Runs a command that a script calls.
     *
     * @throws dev.holdfast.engine.catalog.CommandException if the script may not run it; the error is counted then
     */
    static void execute(Call outer, ScriptRun script, CommandSpec spec, Args words, Reply answer) {
        if (spec.is(CommandFlag.NOSCRIPT) && !outer.engine().debugSettings().isAllowingAllInScripts()) {
            throw outer.refuse(spec, "ERR This Valkey command is not allowed from script");
        }
        boolean writes = spec.is(CommandFlag.WRITE);
        if (spec.is(CommandFlag.DENYOOM)
                && !script.allowsOutOfMemory()
                && !script.hasWritten()
                && outer.isOutOfMemory()) {
            throw outer.refuse(spec, "OOM command not allowed when used memory > 'maxmemory'.");
        }
        AclDenial denial = denial(outer, spec, words);
        if (denial != null) {
            outer.engine().permissions().log(outer.client(), denial, AclLog.Context.LUA, spec, words);
            throw outer.refuse(
                    spec,
                    "ERR ACL failure in script: "
                            + denial.message(outer.client().user(), spec, words, false));
        }
        if (script.isReadOnly() && (writes || spec.is(CommandFlag.MAY_REPLICATE))) {
            throw outer.refuse(spec, "ERR Write commands are not allowed from read-only scripts.");
        }
        if (!script.holdsShardsFor(spec, words)) {
            throw outer.refuse(
                    spec,
                    "ERR Script attempted to access keys that it has not declared, though it promises 'declared-keys'");
        }
        script.checkSlot(spec, words);
        if (writes && !script.hasWritten()) {
            String refusal = outer.engine().refusal(outer.client(), spec, true);
            if (refusal != null) {
                throw outer.refuse(spec, refusal);
            }
            script.setWritten();
        }
        outer.runInside(spec, words, answer);
    }

    static @Nullable AclDenial denial(Call outer, CommandSpec spec, Args words) {
        return outer.engine()
                .acl()
                .check(outer.client().user(), spec, words, outer.client().database());
    }
}
