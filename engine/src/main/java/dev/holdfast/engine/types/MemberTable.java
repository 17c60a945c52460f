package dev.holdfast.engine.types;

import dev.holdfast.engine.base.Hash;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.structures.HashIndex;
import dev.holdfast.engine.structures.Loan;

/** Members found by hash; an item is the member itself and never changes. */
final class MemberTable extends HashIndex<byte[]> {
    private long memberBytes;

    @Override
    protected long hashOf(byte[] item) {
        return Hash.of(item, 0, item.length);
    }

    @Override
    protected boolean matches(byte[] item, Slice key) {
        return key.contentEquals(item);
    }

    /** Adds a member. Returns false if it is there already. */
    boolean add(Slice member) {
        if (find(member) != null) {
            return false;
        }
        insert(member.toBytes());
        return true;
    }

    private void insert(byte[] member) {
        insertMissing(member);
        memberBytes += KeyRecord.sizeBytes(member);
    }

    boolean delete(Slice member) {
        byte[] removed = remove(member);
        if (removed == null) {
            return false;
        }
        memberBytes -= KeyRecord.sizeBytes(removed);
        return true;
    }

    MemberTable freeze(Loan loan) {
        MemberTable frozen = new MemberTable();
        freezeInto(frozen, loan);
        frozen.memberBytes = memberBytes;
        return frozen;
    }

    MemberTable copy() {
        MemberTable copy = new MemberTable();
        Slice slice = new Slice();
        forEach(member -> {
            copy.find(slice.set(member, 0, member.length));
            copy.insert(member);
        });
        return copy;
    }

    long sizeBytes() {
        return heapBytes() + Long.BYTES + memberBytes;
    }
}
