package dev.holdfast.toolkit.cpe;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The words of a dictionary that the atoms of a name stand for, and what each token of the name weighs.
 *
 * <p>Neighbours are joined, so that {@code red hat} is {@code redhat}. A token that is no word is tried as the beginning of one, and with
 * one typing error; any token without its number, its plural and the prefixes of packages.
 */
final class Hits {
    /** How many neighbours are joined at most. */
    private static final int MAX_JOINED = 5;

    private static final int MIN_TOLERATED = 5;
    private static final int MIN_PREFIX = 4;
    private static final int MAX_PREFIXED = 24;
    /** How many tokens are looked at for typing errors. */
    private static final int MAX_UNKNOWN = 4;

    private static final float ALIAS = 0.85f;
    private static final float SHORTENED = 0.85f;
    private static final float TYPO = 0.8f;
    /** What a token weighs that is no word of the dictionary, and what is left of the weight of others. */
    private static final float UNKNOWN = 0.8f;

    private static final float FAINT = 0.15f;
    private static final float ECOSYSTEM = 0.2f;
    private static final float NUMBER = 0.3f;
    private static final float SLOGAN = 0.1f;
    private static final float NAMESPACE = 0.1f;

    /** A word: the atoms that stand for it, as bits, and how well, up to 1. */
    record Hit(int word, long atoms, float quality) {}

    private final Index index;
    private int[] slots = new int[64];
    private Hit[] hits = new Hit[32];
    private int count;
    private int tried;
    /** By atom: its share in the weight of its token. */
    final float[] weights;

    Hits(Index index, Query query) {
        this.index = index;
        this.weights = new float[query.atoms().size()];
        List<Query.Atom> atoms = query.atoms();
        for (int i = 0; i < atoms.size(); i++) {
            join(atoms, i);
        }
        for (int i = 0; i < atoms.size(); ) {
            int end = query.endOfToken(i);
            String token = query.token(i);
            tolerate(token, bits(i, end));
            float weight = weight(token, atoms.get(i).role());
            for (int j = i; j < end; j++) {
                weights[j] = weight * atoms.get(j).text().length() / token.length();
            }
            i = end;
        }
    }

    /** The hit of a word, or null. */
    @Nullable
    Hit of(int word) {
        int i = word * 0x9E3779B9 >>> 8 & slots.length - 1;
        while (slots[i] != 0) {
            Hit hit = hits[slots[i] - 1];
            if (hit.word == word) {
                return hit;
            }
            i = i + 1 & slots.length - 1;
        }
        return null;
    }

    /** All of them, in no order. */
    Hit[] all() {
        return Arrays.copyOf(hits, count);
    }

    static long bits(int from, int to) {
        return (1L << to) - (1L << from);
    }

    private void join(List<Query.Atom> atoms, int from) {
        StringBuilder joined = new StringBuilder();
        for (int i = from; i < Math.min(atoms.size(), from + MAX_JOINED); i++) {
            joined.append(atoms.get(i).text());
            String text = joined.toString();
            long bits = bits(from, i + 1);
            put(text, bits, 1);
            String alias = Vocabulary.ALIASES.get(text);
            if (alias != null) {
                put(alias, bits, ALIAS);
            }
        }
    }

    private void tolerate(String token, long bits) {
        int length = token.length();
        int end = length;
        while (end > 0 && Character.isDigit(token.charAt(end - 1))) {
            end--;
        }
        if (end >= 3 && end < length) {
            put(token.substring(0, end), bits, SHORTENED);
        }
        if (length > 4 && token.endsWith("s")) {
            put(token.substring(0, length - 1), bits, SHORTENED);
        } else if (length > 3) {
            put(token + "s", bits, SHORTENED);
        }
        for (String prefix : Vocabulary.PREFIXES) {
            if (token.startsWith(prefix) && length >= prefix.length() + 3) {
                put(token.substring(prefix.length()), bits, TYPO);
            }
        }
        for (String suffix : Vocabulary.SUFFIXES) {
            if (token.endsWith(suffix) && length >= suffix.length() + 3) {
                put(token.substring(0, length - suffix.length()), bits, TYPO);
            }
        }
        if (index.ids.containsKey(token) || ++tried > MAX_UNKNOWN) {
            return;
        }
        if (length >= MIN_PREFIX) {
            int at = index.firstFrom(token);
            for (int i = at; i < Math.min(index.sorted.length, at + MAX_PREFIXED); i++) {
                String word = index.words[index.sorted[i]];
                if (!word.startsWith(token)) {
                    break;
                }
                put(index.sorted[i], bits, (float) length / word.length() * SHORTENED);
            }
        }
        if (length >= MIN_TOLERATED) {
            for (int other = length - 1; other <= length + 1; other++) {
                for (int word : index.alike(token.charAt(0), other)) {
                    if (isNear(token, index.words[word])) {
                        put(word, bits, TYPO);
                    }
                }
            }
        }
    }

    private float weight(String token, Query.Role role) {
        Integer id = index.ids.get(token);
        float weight = id == null ? UNKNOWN : index.weights[id];
        if (Vocabulary.FAINT.contains(token)) {
            weight *= FAINT;
        } else if (Vocabulary.ECOSYSTEMS.contains(token)) {
            weight *= ECOSYSTEM;
        } else if (token.chars().allMatch(Character::isDigit)) {
            weight *= NUMBER;
        }
        return weight
                * switch (role) {
                    case PLAIN -> 1;
                    case TAGLINE -> SLOGAN;
                    case NAMESPACE -> NAMESPACE;
                };
    }

    private void put(String word, long atoms, float quality) {
        Integer id = index.ids.get(word);
        if (id != null) {
            put(id, atoms, quality);
        }
    }

    private void put(int word, long atoms, float quality) {
        int i = word * 0x9E3779B9 >>> 8 & slots.length - 1;
        while (slots[i] != 0) {
            Hit old = hits[slots[i] - 1];
            if (old.word == word) {
                hits[slots[i] - 1] = new Hit(word, old.atoms | atoms, Math.max(old.quality, quality));
                return;
            }
            i = i + 1 & slots.length - 1;
        }
        if (count == hits.length) {
            grow();
            put(word, atoms, quality);
            return;
        }
        hits[count++] = new Hit(word, atoms, quality);
        slots[i] = count;
    }

    private void grow() {
        hits = Arrays.copyOf(hits, count * 2);
        slots = new int[slots.length * 2];
        for (int i = 0; i < count; i++) {
            int slot = hits[i].word * 0x9E3779B9 >>> 8 & slots.length - 1;
            while (slots[slot] != 0) {
                slot = slot + 1 & slots.length - 1;
            }
            slots[slot] = i + 1;
        }
    }

    /** Whether one edit, or two neighbours in the other order, make one word of the other. */
    static boolean isNear(String a, String b) {
        int shorter = Math.min(a.length(), b.length());
        int prefix = 0;
        while (prefix < shorter && a.charAt(prefix) == b.charAt(prefix)) {
            prefix++;
        }
        int suffix = 0;
        while (suffix < shorter - prefix && a.charAt(a.length() - 1 - suffix) == b.charAt(b.length() - 1 - suffix)) {
            suffix++;
        }
        int restA = a.length() - prefix - suffix;
        int restB = b.length() - prefix - suffix;
        return restA <= 1 && restB <= 1
                || restA == 2
                        && restB == 2
                        && a.charAt(prefix) == b.charAt(prefix + 1)
                        && a.charAt(prefix + 1) == b.charAt(prefix);
    }
}
