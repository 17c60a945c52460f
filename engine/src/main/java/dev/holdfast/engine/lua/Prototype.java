package dev.holdfast.engine.lua;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A compiled function.
 *
 * @param chunk the name of its source as given to the compiler, with the mark in front: {@code @user_script}
 * @param line where it begins
 * @param code four integers for each instruction; see {@link Op}
 * @param lines the line of each instruction
 * @param constants numbers and strings
 * @param children the functions inside it
 * @param captures the outer variables it uses: a register of the function around it, or, as complement, one of that
 *     function's own outer variables
 * @param notes what the operands of an instruction are called, for messages, by the instruction's place
 * @param parameters how many are named
 * @param variadic whether more may follow
 * @param registers how many it needs
 */
record Prototype(
        String chunk,
        int line,
        int[] code,
        int[] lines,
        @Nullable Object[] constants,
        Prototype[] children,
        int[] captures,
        Map<Integer, String[]> notes,
        int parameters,
        boolean variadic,
        int registers) {

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
