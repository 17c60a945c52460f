package dev.holdfast.engine.structures;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Elements in the order of their stream ids: the blocks of a {@link StreamLog}, or the entries that wait for an
 * acknowledgement.
 *
 * <p>Ids come in ascending order and leave mostly in the same, so two levels of sorted arrays are enough: an array of chunks,
 * each an array of up to 128 elements. Appending fills the last chunk to the brim; taking from the front moves at most one
 * chunk; a lookup is two binary searches. An element costs one reference and its share of its chunk.
 */
public final class IdMap<E extends IdMap.Element> {
    /** Sees one element after another. */
    @FunctionalInterface
    public interface Visitor<E, X extends Exception> {
        void visit(E element) throws X;
    }

    /** What an id orders. Both halves of the id are unsigned. */
    public abstract static class Element {
        private final long ms;
        private final long seq;

        protected Element(long ms, long seq) {
            this.ms = ms;
            this.seq = seq;
        }

        public final long ms() {
            return ms;
        }

        public final long seq() {
            return seq;
        }

        final int compareTo(long otherMs, long otherSeq) {
            int order = Long.compareUnsigned(ms, otherMs);
            return order != 0 ? order : Long.compareUnsigned(seq, otherSeq);
        }
    }

    private static final class Chunk {
        Element[] elements;
        int count;

        Chunk(int capacity) {
            elements = new Element[capacity];
        }

        /** The index of the last element not beyond the id, or -1. */
        int floor(long ms, long seq) {
            int low = 0;
            int high = count - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                if (elements[middle].compareTo(ms, seq) <= 0) {
                    low = middle + 1;
                } else {
                    high = middle - 1;
                }
            }
            return high;
        }
    }

    private static final int MAX = 128;
    private static final int FIRST_CAPACITY = 2;
    private static final int REFERENCE_BYTES = 4;
    private static final int CHUNK_BYTES = 16;
    private static final int OBJECT_BYTES = 32;
    private static final Chunk[] NO_CHUNKS = {};
    /** A position that is none. Others have the index of a chunk in the upper half and one within it in the lower. */
    private static final long NOWHERE = -1;

    private final ByteAccount account;
    private Chunk[] chunks = NO_CHUNKS;
    private int chunkCount;
    private int size;

    /** An empty map, whose bytes, but not those of its elements, are entered into {@code account}. */
    public IdMap(ByteAccount account) {
        this.account = account;
        account.add(OBJECT_BYTES);
    }

    /** A map of the same elements, whose bytes are entered into {@code copyAccount}. */
    public IdMap<E> copy(ByteAccount copyAccount) {
        IdMap<E> copy = new IdMap<>(copyAccount);
        copy.chunks = chunks.clone();
        for (int i = 0; i < chunkCount; i++) {
            Chunk chunk = new Chunk(0);
            chunk.elements = chunks[i].elements.clone();
            chunk.count = chunks[i].count;
            copy.chunks[i] = chunk;
        }
        copy.chunkCount = chunkCount;
        copy.size = size;
        return copy;
    }

    /** Puts an element in the place of the one with the same id. */
    public void replace(E element) {
        long position = floorPosition(element.ms(), element.seq());
        chunks[chunkOf(position)].elements[indexOf(position)] = element;
    }

    public int size() {
        return size;
    }

    /** Takes the map's bytes out of the account, when it is not needed any more. */
    public void close() {
        account.add(-OBJECT_BYTES - (chunks.length == 0 ? 0 : arrayBytes(chunks.length)));
        for (int i = 0; i < chunkCount; i++) {
            account.add(-CHUNK_BYTES - arrayBytes(chunks[i].elements.length));
        }
    }

    public @Nullable E get(long ms, long seq) {
        long position = floorPosition(ms, seq);
        return position != NOWHERE && element(position).compareTo(ms, seq) == 0 ? at(position) : null;
    }

    public @Nullable E first() {
        return at(after(NOWHERE));
    }

    public @Nullable E last() {
        return size == 0 ? null : at(position(chunkCount - 1, chunks[chunkCount - 1].count - 1));
    }

    /** The last element whose id is not beyond this one. */
    public @Nullable E floor(long ms, long seq) {
        return at(floorPosition(ms, seq));
    }

    /** The first element whose id is beyond this one. */
    public @Nullable E higher(long ms, long seq) {
        return at(after(floorPosition(ms, seq)));
    }

    /** The first element whose id is this one or beyond it. */
    public @Nullable E ceiling(long ms, long seq) {
        long floor = floorPosition(ms, seq);
        return at(floor != NOWHERE && element(floor).compareTo(ms, seq) == 0 ? floor : after(floor));
    }

    /** The last element whose id is before this one. */
    public @Nullable E lower(long ms, long seq) {
        long floor = floorPosition(ms, seq);
        if (floor != NOWHERE && element(floor).compareTo(ms, seq) == 0) {
            int chunk = chunkOf(floor);
            int index = indexOf(floor);
            if (index > 0) {
                floor = position(chunk, index - 1);
            } else {
                floor = chunk == 0 ? NOWHERE : position(chunk - 1, chunks[chunk - 1].count - 1);
            }
        }
        return at(floor);
    }

    /** Adds an element, whose id must not be there yet. */
    public void add(E element) {
        size++;
        int chunk = chunkCount - 1;
        if (chunk < 0 || chunks[chunk].elements[chunks[chunk].count - 1].compareTo(element.ms(), element.seq()) < 0) {
            if (chunk < 0 || chunks[chunk].count == MAX) {
                chunk++;
                insertChunk(chunk, new Chunk(FIRST_CAPACITY));
            }
            insert(chunks[chunk], chunks[chunk].count, element);
            return;
        }
        chunk = Math.max(0, floorChunk(element.ms(), element.seq()));
        if (chunks[chunk].count == MAX) {
            split(chunk);
            if (chunks[chunk + 1].elements[0].compareTo(element.ms(), element.seq()) < 0) {
                chunk++;
            }
        }
        insert(chunks[chunk], chunks[chunk].floor(element.ms(), element.seq()) + 1, element);
    }

    /** Removes the element with this id and returns it, or null where there is none. */
    public @Nullable E remove(long ms, long seq) {
        long position = floorPosition(ms, seq);
        if (position == NOWHERE || element(position).compareTo(ms, seq) != 0) {
            return null;
        }
        E removed = at(position);
        int index = chunkOf(position);
        Chunk chunk = chunks[index];
        chunk.count--;
        System.arraycopy(
                chunk.elements,
                indexOf(position) + 1,
                chunk.elements,
                indexOf(position),
                chunk.count - indexOf(position));
        clear(chunk.elements, chunk.count, chunk.count + 1);
        size--;
        if (chunk.count == 0) {
            removeChunk(index);
        } else if (chunk.count <= MAX / 4
                && index + 1 < chunkCount
                && chunk.count + chunks[index + 1].count <= MAX / 2) {
            merge(index);
        }
        return removed;
    }

    public <X extends Exception> void forEach(Visitor<? super E, X> visitor) throws X {
        for (long position = after(NOWHERE); position != NOWHERE; position = after(position)) {
            E element = at(position);
            if (element != null) {
                visitor.visit(element);
            }
        }
    }

    private void insert(Chunk chunk, int index, Element element) {
        if (chunk.count == chunk.elements.length) {
            resize(chunk, Math.min(MAX, chunk.count * 2));
        }
        System.arraycopy(chunk.elements, index, chunk.elements, index + 1, chunk.count - index);
        chunk.elements[index] = element;
        chunk.count++;
    }

    private void resize(Chunk chunk, int capacity) {
        account.add(arrayBytes(capacity) - arrayBytes(chunk.elements.length));
        chunk.elements = Arrays.copyOf(chunk.elements, capacity);
    }

    private void split(int index) {
        Chunk left = chunks[index];
        Chunk right = new Chunk(MAX);
        int kept = left.count / 2;
        right.count = left.count - kept;
        System.arraycopy(left.elements, kept, right.elements, 0, right.count);
        clear(left.elements, kept, left.count);
        left.count = kept;
        insertChunk(index + 1, right);
    }

    private void merge(int index) {
        Chunk left = chunks[index];
        Chunk right = chunks[index + 1];
        int sum = left.count + right.count;
        if (left.elements.length < sum) {
            resize(left, MAX);
        }
        System.arraycopy(right.elements, 0, left.elements, left.count, right.count);
        left.count = sum;
        removeChunk(index + 1);
    }

    private void insertChunk(int index, Chunk chunk) {
        if (chunkCount == chunks.length) {
            int capacity = Math.max(1, chunkCount + (chunkCount >> 1) + (chunkCount & 1));
            account.add(arrayBytes(capacity) - (chunks.length == 0 ? 0 : arrayBytes(chunks.length)));
            chunks = Arrays.copyOf(chunks, capacity);
        }
        System.arraycopy(chunks, index, chunks, index + 1, chunkCount - index);
        chunks[index] = chunk;
        chunkCount++;
        account.add(CHUNK_BYTES + arrayBytes(chunk.elements.length));
    }

    private void removeChunk(int index) {
        account.add(-CHUNK_BYTES - arrayBytes(chunks[index].elements.length));
        chunkCount--;
        System.arraycopy(chunks, index + 1, chunks, index, chunkCount - index);
        clear(chunks, chunkCount, chunkCount + 1);
        if (chunkCount < chunks.length / 4) {
            account.add(arrayBytes(chunks.length / 2) - arrayBytes(chunks.length));
            chunks = Arrays.copyOf(chunks, chunks.length / 2);
        }
    }

    /** Forgets what lies beyond the end of an array's used part. */
    @SuppressWarnings("NullAway") // the unused part of an array is never read
    private static void clear(Object[] array, int from, int to) {
        Arrays.fill(array, from, to, null);
    }

    private static long arrayBytes(int references) {
        return ByteAccount.arrayBytes((long) references * REFERENCE_BYTES);
    }

    private static long position(int chunk, int index) {
        return (long) chunk << 32 | index;
    }

    private static int chunkOf(long position) {
        return (int) (position >>> 32);
    }

    private static int indexOf(long position) {
        return (int) position;
    }

    private Element element(long position) {
        return chunks[chunkOf(position)].elements[indexOf(position)];
    }

    @SuppressWarnings("unchecked") // only add() puts elements into chunks
    private @Nullable E at(long position) {
        return position == NOWHERE ? null : (E) element(position);
    }

    /** The position after this one; the first after {@link #NOWHERE}. */
    private long after(long position) {
        if (position == NOWHERE) {
            return size == 0 ? NOWHERE : 0;
        }
        int chunk = chunkOf(position);
        if (indexOf(position) + 1 < chunks[chunk].count) {
            return position + 1;
        }
        return chunk + 1 < chunkCount ? position(chunk + 1, 0) : NOWHERE;
    }

    private long floorPosition(long ms, long seq) {
        int chunk = floorChunk(ms, seq);
        return chunk < 0 ? NOWHERE : position(chunk, chunks[chunk].floor(ms, seq));
    }

    /** The index of the last chunk that begins not beyond the id, or -1. */
    private int floorChunk(long ms, long seq) {
        int low = 0;
        int high = chunkCount - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (chunks[middle].elements[0].compareTo(ms, seq) <= 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }
}
