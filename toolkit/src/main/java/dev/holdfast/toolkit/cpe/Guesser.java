package dev.holdfast.toolkit.cpe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the products that a name may mean. */
final class Guesser {
    private static final int MAX_SPAN = 5;
    private static final int MAX_POSTINGS = 4_000;

    // Tunable.
    static double[] P = {0.62, 0.55, 0.30, 0.25, 0.10, 0.05, 0.9, 0.7};

    private final Index index;

    Guesser(Index index) {
        this.index = index;
    }

    /** Atoms that stand for a word of the dictionary, as a set of bits, and how well they do. */
    record Hit(long atoms, float quality, String how) {}

    List<Guess> guess(String name, int limit) {
        return guess(name, limit, null);
    }

    List<Guess> guess(String name, int limit, @Nullable StringBuilder explain) {
        Query query = Query.of(name);
        List<Query.Atom> atoms = query.atoms();
        int n = atoms.size();
        Map<Integer, Hit> hits = new HashMap<>();
        boolean[] known = new boolean[n];
        // Joined atoms.
        for (int i = 0; i < n; i++) {
            StringBuilder joined = new StringBuilder();
            for (int j = i; j < n && j < i + MAX_SPAN; j++) {
                joined.append(atoms.get(j).text());
                boolean wholeToken = (i == 0
                                || atoms.get(i - 1).token() != atoms.get(i).token())
                        && (j == n - 1
                                || atoms.get(j + 1).token() != atoms.get(j).token());
                String text = joined.toString();
                Integer id = index.ids.get(text);
                long mask = (1L << (j + 1)) - (1L << i);
                if (id != null) {
                    put(hits, id, mask, 1f, text);
                    if (wholeToken && atoms.get(i).token() == atoms.get(j).token()) {
                        Arrays.fill(known, i, j + 1, true);
                    }
                }
                for (String alias : Vocabulary.ALIASES.getOrDefault(text, List.of())) {
                    Integer other = index.ids.get(alias);
                    if (other != null) {
                        put(hits, other, mask, 0.95f, text + "=" + alias);
                    }
                }
            }
        }
        // Whole tokens that no word is.
        for (int i = 0; i < n; ) {
            int j = i;
            StringBuilder token = new StringBuilder();
            while (j < n && atoms.get(j).token() == atoms.get(i).token()) {
                token.append(atoms.get(j++).text());
            }
            long mask = (1L << j) - (1L << i);
            tolerate(hits, token.toString(), mask, known[i]);
            i = j;
        }
        float[] weight = weights(atoms);
        // Candidates.
        Map<Integer, float[]> candidates = new HashMap<>();
        List<Map.Entry<Integer, Hit>> order = new ArrayList<>(hits.entrySet());
        order.sort((x, y) -> Float.compare(index.weights[y.getKey()], index.weights[x.getKey()]));
        for (Map.Entry<Integer, Hit> hit : order) {
            int[] postings = index.byProduct[hit.getKey()];
            if (postings.length > MAX_POSTINGS && !candidates.isEmpty()) {
                continue;
            }
            for (int product : postings) {
                candidates.computeIfAbsent(product, ignored -> NOTHING);
            }
        }
        List<Scored> scored = new ArrayList<>();
        for (int product : candidates.keySet()) {
            double score = score(product, hits, weight, query, null);
            if (score > 0) {
                scored.add(new Scored(product, score));
            }
        }
        scored.sort((x, y) -> x.score != y.score
                ? Double.compare(y.score, x.score)
                : index.products[x.product].cpe.compareTo(index.products[y.product].cpe));
        List<Guess> guesses = new ArrayList<>();
        for (Scored s : scored.subList(0, Math.min(limit, scored.size()))) {
            guesses.add(new Guess(s.score, index.products[s.product].cpe));
            if (explain != null) {
                explain.append(index.products[s.product].cpe).append(' ');
                score(s.product, hits, weight, query, explain);
                explain.append('\n');
            }
        }
        return guesses;
    }

    private record Scored(int product, double score) {}

    private static final float[] NOTHING = {};

    private static void put(Map<Integer, Hit> hits, int id, long mask, float quality, String how) {
        Hit old = hits.get(id);
        if (old == null || quality > old.quality) {
            hits.put(id, new Hit(mask, quality, how));
        } else if (quality == old.quality) {
            hits.put(id, new Hit(old.atoms | mask, quality, old.how));
        }
    }

    private void tolerate(Map<Integer, Hit> hits, String token, long mask, boolean known) {
        int length = token.length();
        // Trailing digits, plural.
        int end = length;
        while (end > 0 && Character.isDigit(token.charAt(end - 1))) {
            end--;
        }
        if (end >= 3 && end < length) {
            also(hits, token.substring(0, end), mask, 0.85f);
        }
        if (length > 4 && token.endsWith("s")) {
            also(hits, token.substring(0, length - 1), mask, 0.9f);
        } else if (length > 3) {
            also(hits, token + "s", mask, 0.9f);
        }
        if (length >= 5 && token.startsWith("lib")) {
            also(hits, token.substring(3), mask, 0.8f);
        }
        if (length >= 5 && token.startsWith("py")) {
            also(hits, token.substring(2), mask, 0.8f);
        }
        if (known || length < 5) {
            return;
        }
        for (int d = -1; d <= 1; d++) {
            typos(hits, token, mask, index.alike.getOrDefault(Index.first(token.charAt(0), length + d), Index.NONE));
            typos(
                    hits,
                    token,
                    mask,
                    index.alike.getOrDefault(Index.last(token.charAt(length - 1), length + d), Index.NONE));
        }
    }

    private void typos(Map<Integer, Hit> hits, String token, long mask, int[] words) {
        for (int word : words) {
            if (isNear(token, index.words[word])) {
                put(hits, word, mask, 0.8f, token + "~" + index.words[word]);
            }
        }
    }

    /** Whether one edit, or two characters in the other order, make one word of the other. */
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

    private void also(Map<Integer, Hit> hits, String word, long mask, float quality) {
        Integer id = index.ids.get(word);
        if (id != null) {
            put(hits, id, mask, quality, word);
        }
    }

    private float[] weights(List<Query.Atom> atoms) {
        int n = atoms.size();
        float[] weight = new float[n];
        for (int i = 0; i < n; ) {
            int j = i;
            StringBuilder token = new StringBuilder();
            while (j < n && atoms.get(j).token() == atoms.get(i).token()) {
                token.append(atoms.get(j++).text());
            }
            float w = wordWeight(token.toString(), atoms.get(i).role());
            for (int k = i; k < j; k++) {
                weight[k] = w * atoms.get(k).text().length() / token.length();
            }
            i = j;
        }
        return weight;
    }

    private float wordWeight(String word, Query.Role role) {
        Integer id = index.ids.get(word);
        float w = id == null ? 0.8f : index.weights[id];
        if (Vocabulary.FAINT.contains(word)) {
            w *= 0.15f;
        } else if (Vocabulary.ECOSYSTEMS.contains(word)) {
            w *= 0.2f;
        } else if (word.chars().allMatch(Character::isDigit)) {
            w *= 0.3f;
        }
        return role == Query.Role.TAGLINE ? w * 0.1f : w;
    }

    private double score(
            int number, Map<Integer, Hit> hits, float[] weight, Query query, @Nullable StringBuilder explain) {
        Index.Product product = index.products[number];
        Index.Vendor vendor = index.vendors[product.vendor];
        long mine = 0;
        double productAll = 0;
        double productHit = 0;
        for (int word : product.words) {
            Hit hit = hits.get(word);
            float w = index.weights[word];
            if (contains(vendor.words, word) && product.words.length > 1) {
                w *= 0.5f;
            }
            if (Vocabulary.FAINT.contains(index.words[word])) {
                w *= 0.4f;
            }
            w += 0.05f;
            productAll += w;
            if (hit != null) {
                productHit += w * hit.quality;
                mine |= hit.atoms;
            }
        }
        Hit whole = hits.get(product.joined);
        if (whole != null && whole.quality * productAll >= productHit) {
            productHit = whole.quality * productAll;
            mine |= whole.atoms;
        }
        if (mine == 0) {
            return 0;
        }
        long his = 0;
        double vendorAll = 0;
        double vendorHit = 0;
        for (int word : vendor.words) {
            float w = index.weights[word];
            if (Vocabulary.VENDOR_KINDS.contains(index.words[word])) {
                w *= 0.1f;
            }
            vendorAll += w;
            Hit hit = hits.get(word);
            if (hit != null) {
                vendorHit += w * hit.quality;
                his |= hit.atoms;
            }
        }
        for (int word : new int[] {vendor.joined, vendor.core}) {
            Hit hit = hits.get(word);
            if (hit != null && hit.quality * vendorAll >= vendorHit) {
                vendorHit = hit.quality * vendorAll;
                his |= hit.atoms;
            }
        }
        double all = 0;
        double covered = 0;
        for (int i = 0; i < weight.length; i++) {
            all += weight[i];
            if (((mine | his) >>> i & 1) != 0) {
                covered += weight[i];
            }
        }
        double queryShare = covered / all;
        double productShare = productHit / productAll;
        double vendorShare = vendorAll == 0 ? 0 : vendorHit / vendorAll;
        boolean own = (his & ~mine) != 0;
        double score = Math.pow(queryShare, P[6]) * Math.pow(productShare, P[7]);
        if (queryShare < P[0] || productShare < P[1]) {
            return 0;
        }
        double bonus = (own ? P[2] * vendorShare : P[3] * Math.max(product.kin, vendorShare * 0.5))
                + P[4] * product.versions
                + P[5] * Math.min(1, Math.log(vendor.products) / 7);
        if (query.isBundle() && vendor.name.equals("apple")) {
            bonus += 0.05;
        }
        if (explain != null) {
            explain.append(String.format(
                    "q=%.2f p=%.2f v=%.2f kin=%.2f own=%s score=%.3f bonus=%.3f",
                    queryShare, productShare, vendorShare, product.kin, own, score, bonus));
        }
        return 100 * score * (1 + bonus) / 1.5;
    }

    private static boolean contains(int[] array, int value) {
        for (int element : array) {
            if (element == value) {
                return true;
            }
        }
        return false;
    }
}
