package dev.holdfast.engine.lua;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A compiled function. It belongs to no interpreter: it is never changed, and any number may run it at the same time. */
public final class Prototype {
    /** The name of its source as given to the compiler, with the mark in front: {@code @user_script}. */
    final String chunk;

    /** Four integers for each instruction; see {@link Op}. */
    final int[] code;

    /** Numbers and strings. */
    final @Nullable Object[] constants;

    /** The functions inside it. */
    final Prototype[] children;

    /**
     * The outer variables it uses: a register of the function around it, or, as complement, one of that function's own outer
     * variables.
     */
    final int[] captures;

    /** How many arguments have names. */
    final int parameters;

    /** Whether more may follow. */
    final boolean variadic;

    /** How many registers it needs. */
    final int registers;

    private final int[] lines;
    private final Map<Integer, String[]> notes;

    /**
     * A function.
     *
     * @param lines the line of each instruction
     * @param notes what the operands of an instruction are called, for messages, by the instruction's place
     */
    Prototype(
            String chunk,
            int[] code,
            int[] lines,
            @Nullable Object[] constants,
            Prototype[] children,
            int[] captures,
            Map<Integer, String[]> notes,
            int parameters,
            boolean variadic,
            int registers) {
        this.chunk = chunk;
        this.code = code;
        this.lines = lines;
        this.constants = constants;
        this.children = children;
        this.captures = captures;
        this.notes = notes;
        this.parameters = parameters;
        this.variadic = variadic;
        this.registers = registers;
    }

    int lineAt(int pc) {
        return lines[pc / Op.WORDS];
    }

    /** What an operand of the instruction is called, such as {@code global 'x'}, or null. */
    @Nullable
    String note(int pc, int operand) {
        String[] names = notes.get(pc);
        return names == null || operand >= names.length ? null : names[operand];
    }
}
