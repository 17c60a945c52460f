package dev.holdfast.engine.structures;

import org.jspecify.annotations.Nullable;

/**
 * A structure made of blocks that can be frozen: a second structure is made that has the same blocks, which takes a moment
 * however many elements they hold, and which another thread may then read without a lock.
 *
 * <p>The blocks are only lent. As long as the {@link Loan} lasts, the lender does not write to a block that was there when it
 * began; it makes a copy, puts it in the block's place and writes to that. So the reader sees what was there at the moment, and
 * each block is copied once at most. To tell old blocks from new ones, a lender has a generation, which grows with each loan,
 * and a block has that of the time when it was made. A structure that has never lent anything pays for all this with one
 * test of a field.
 */
public abstract class Lender {
    private @Nullable Loan loan;
    private int generation;

    /** Lends all present blocks. */
    protected final void lend(Loan newLoan) {
        if (loan != null && !loan.isOver()) {
            throw new IllegalStateException("the blocks are on loan already");
        }
        loan = newLoan;
        generation++;
    }

    /** The generation of blocks that are made now. */
    final int generation() {
        return generation;
    }

    /** Whether anything is on loan, so that elements that blocks refer to must not be written in place. */
    protected final boolean isLending() {
        Loan present = loan;
        return present != null && isLending(present);
    }

    private boolean isLending(Loan present) {
        if (present.isOver()) {
            loan = null;
            return false;
        }
        return true;
    }

    /** Whether a block of this generation is on loan and has to be copied before it is written to. */
    final boolean isLent(int blockGeneration) {
        return loan != null && blockGeneration != generation && isLending();
    }

    /** Takes note that something has been replaced that was on loan. */
    protected final void retain(long bytes) {
        Loan present = loan;
        if (present != null) {
            present.retain(bytes);
        }
    }
}
