package dev.holdfast.engine.lua;

/**
 * The instructions. Each is four integers: the operation and its operands a, b and c.
 *
 * <p>R[x] is a register; RK[x] is register x, or constant ~x where x is negative; U[x] is an outer variable; the rest of the
 * operands are numbers. A jump goes to the instruction at {@code a} words.
 */
final class Op {
    static final int WORDS = 4;

    /** Stands for as many values as there are. */
    static final int OPEN = -1;

    // Moving values
    /** R[a] = R[b]. */
    static final int MOVE = 0;

    /** R[a] = constant b. */
    static final int CONSTANT = 1;

    /** R[a] to R[b] = nil. */
    static final int NIL = 2;

    /** R[a] = b is not 0. */
    static final int BOOL = 3;

    /** R[a] = a new cell with the value of R[a]. */
    static final int NEW_CELL = 4;

    /** R[a] = the value in the cell R[b]. */
    static final int GET_CELL = 5;

    /** The cell R[a] receives RK[b]. */
    static final int SET_CELL = 6;

    /** R[a] = U[b]. */
    static final int GET_UPVALUE = 7;

    /** U[a] = RK[b]. */
    static final int SET_UPVALUE = 8;

    /** R[a] = the global variable named by constant b. */
    static final int GET_GLOBAL = 9;

    /** The global variable named by constant a = RK[b]. */
    static final int SET_GLOBAL = 10;

    // Tables
    /** R[a] = R[b][RK[c]]. */
    static final int GET_TABLE = 11;

    /** R[a][RK[b]] = RK[c]. */
    static final int SET_TABLE = 12;

    /** R[a + 1] = R[b], R[a] = R[b][RK[c]]. */
    static final int SELF = 13;

    /** R[a] = a table with room for b elements and c fields. */
    static final int NEW_TABLE = 14;

    /** R[a][c + i] = R[a + i] for 1 <= i <= b. */
    static final int SET_LIST = 15;

    // Arithmetic: R[a] = RK[b] op RK[c]
    static final int ADD = 16;
    static final int SUB = 17;
    static final int MUL = 18;
    static final int DIV = 19;
    static final int MOD = 20;
    static final int POW = 21;

    /** R[a] = -R[b]. */
    static final int NEGATE = 22;

    /** R[a] = not R[b]. */
    static final int NOT = 23;

    /** R[a] = the length of R[b]. */
    static final int LENGTH = 24;

    /** R[a] = R[b] .. to .. R[c]. */
    static final int CONCAT = 25;

    // Jumps
    static final int JUMP = 26;

    /** A jump backwards: the end of a loop's body. */
    static final int LOOP = 27;

    /** Jumps if R[b] is nil or false. */
    static final int IF_NOT = 28;

    /** Jumps if R[b] is neither. */
    static final int IF = 29;

    /** Jumps if RK[b] == RK[c], and so on. */
    static final int IF_EQ = 30;

    static final int IF_NE = 31;
    static final int IF_LT = 32;
    static final int IF_NOT_LT = 33;
    static final int IF_LE = 34;
    static final int IF_NOT_LE = 35;

    // Functions
    /** Calls R[a] with the b registers after it; c results follow from R[a] on. */
    static final int CALL = 36;

    /** As CALL, in place of the calling function, which returns all results. */
    static final int TAIL_CALL = 37;

    /** Returns b values from R[a] on. */
    static final int RETURN = 38;

    /** R[a] onwards = the first b of the further arguments. */
    static final int VARARG = 39;

    /** R[a] = a function of child b. */
    static final int CLOSURE = 40;

    // Loops
    /** Prepares a loop with its value in R[b], limit in R[b + 1] and step in R[b + 2]; jumps to its end if it has no turn. */
    static final int FOR_PREPARE = 41;

    /** The next turn of that loop: sets R[b] and R[b + 3] and jumps, or goes on. */
    static final int FOR_NEXT = 42;

    /** R[a + 3] to R[a + 2 + b] = R[a](R[a + 1], R[a + 2]). */
    static final int FOR_CALL = 43;

    /** If R[b + 3] is not nil, R[b + 2] = R[b + 3] and jumps. */
    static final int FOR_EACH = 44;

    private Op() {}
}
