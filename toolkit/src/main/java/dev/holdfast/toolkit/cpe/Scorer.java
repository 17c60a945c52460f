package dev.holdfast.toolkit.cpe;

import java.util.ArrayList;
import java.util.List;

/** Scores the products of an index against one name. Not for several threads. */
final class Scorer {
    /** How much of the product's name the name has to say, and how much both shares have to be, multiplied. */
    private static final double MIN_PRODUCT_SHARE = 0.65;

    private static final double MIN_SHARES = 0.45;
    /** What an application bundle has to say: its name is the product's, and what is more makes it another. */
    private static final double BUNDLE_SHARES = 0.6;
    /** The same where little is asked for. */
    private static final double LENIENT_PRODUCT_SHARE = 0.5;

    private static final double LENIENT_SHARES = 0.3;
    /** How much of the name the product and its vendor have to say, in any case. */
    private static final double MIN_NAME_SHARE = 0.35;

    private static final double NAME_POWER = 1.4;
    private static final double PRODUCT_POWER = 0.7;
    /** What it is worth that the name says the vendor besides the product. */
    private static final double VENDOR = 0.45;
    /** What it is worth that the product's name is the vendor's. */
    private static final double KIN = 0.14;
    /** What it is worth that the product says all of the name, as {@code couchbase_server} of Couchbase does. */
    private static final double BRAND = 0.48;

    private static final double VERSIONS = 0.10;
    private static final double VENDOR_SIZE = 0.12;
    private static final double LOG_LARGE_VENDOR = 7;
    private static final double PLATFORM = 0.05;
    private static final double SAME_NAME = 0.01;
    /** So many products that begin with one word make that word a brand of the vendor. */
    private static final int BRAND_PRODUCTS = 8;
    /** What a faint word of a product weighs, of its weight, and what any word weighs in any case. */
    private static final float FAINT = 0.55f;

    private static final float ANY_WORD = 0.06f;
    private static final float VENDOR_KIND = 0.1f;
    /** What is left of a hit if its words are divided otherwise than the name's. */
    private static final double JOINED = 0.97;
    /** What a part of a token counts, of its weight, unless all parts are found. */
    private static final double PART = 0.1;
    /** What is left of a product's words of which only the first characters are there. */
    private static final double INITIALS = 0.9;
    /** A token that weighs less is no reason to look for more than the product says. */
    private static final double NEGLIGIBLE = 0.05;

    /** So much that the best of guesses, with every advantage, have 100. */
    private static final double SCALE = 100 / (1 + BRAND + VERSIONS + VENDOR_SIZE);

    private final Index index;
    private final Query query;
    private final Hits hits;
    private final boolean lenient;
    private final double all;

    // Of the product scored last.
    double nameShare;
    double productShare;
    double vendorShare;
    private long initialWords;
    private boolean own;
    private boolean brand;

    Scorer(Index index, Query query, Hits hits, boolean lenient) {
        this.index = index;
        this.query = query;
        this.hits = hits;
        this.lenient = lenient;
        double sum = 0;
        for (float weight : hits.weights) {
            sum += weight;
        }
        this.all = sum;
    }

    /** The score of a product, from 0 to 100; 0 for one that the name does not mean. */
    double score(Index.Product product) {
        Index.Vendor vendor = index.vendors[product.vendor];
        int[] words = product.words;
        long mine = 0;
        double productAll = 0;
        double productHit = 0;
        long wordsHit = 0;
        initialWords = 0;
        for (int i = 0; i < words.length; i++) {
            float weight = wordWeight(words[i]);
            productAll += weight;
            Hits.Hit hit = hits.of(words[i]);
            if (hit != null) {
                productHit += weight * hit.quality();
                mine |= hit.atoms();
                wordsHit |= 1L << i;
            }
        }
        boolean wordByWord = productHit >= productAll * 0.99;
        Hits.Hit whole = hits.of(product.joined);
        if (whole != null && whole.quality() * productAll * JOINED >= productHit) {
            productHit = whole.quality() * productAll * (words.length > 1 ? JOINED : 1);
            mine |= whole.atoms();
            wordsHit = -1;
        }
        long his = 0;
        double vendorAll = 0;
        double vendorHit = 0;
        for (int word : vendor.words) {
            float weight = vendorWeight(word);
            vendorAll += weight;
            Hits.Hit hit = hits.of(word);
            if (hit != null) {
                vendorHit += weight * hit.quality();
                his |= hit.atoms();
            }
        }
        Hits.Hit hit = hits.of(vendor.core);
        if (hit != null && hit.quality() * vendorAll >= vendorHit) {
            vendorHit = hit.quality() * vendorAll;
            his |= hit.atoms();
        }
        hit = hits.of(vendor.joined);
        if (hit != null && hit.quality() * vendorAll * JOINED >= vendorHit) {
            vendorHit = hit.quality() * vendorAll * (vendor.words.length > 1 ? JOINED : 1);
            his |= hit.atoms();
        }
        if (wordsHit != -1 && words.length >= 2 && (mine != 0 || his != 0 || words.length >= 4 || lenient)) {
            for (int i = 0; i < hits.weights.length; i++) {
                if (((mine | his) >>> i & 1) == 0) {
                    long run = initials(product, query.atoms().get(i), wordsHit);
                    if (run != 0) {
                        wordsHit |= run;
                        initialWords |= run;
                        mine |= 1L << i;
                        for (int j = 0; j < words.length; j++) {
                            if ((run >>> j & 1) != 0) {
                                productHit += wordWeight(words[j]) * INITIALS;
                            }
                        }
                    }
                }
            }
        }
        if (mine == 0) {
            return 0;
        }
        boolean alone = cover(mine, his);
        productShare = Math.min(1, productHit / productAll);
        if (nameShare < MIN_NAME_SHARE
                || productShare < (lenient ? LENIENT_PRODUCT_SHARE : MIN_PRODUCT_SHARE)
                || nameShare * productShare
                        < (lenient ? LENIENT_SHARES : query.isBundle() ? BUNDLE_SHARES : MIN_SHARES)) {
            return 0;
        }
        vendorShare = vendorAll == 0 ? 0 : vendorHit / vendorAll;
        own = (his & ~mine) != 0;
        brand = alone && wordByWord && words.length > 1 && (product.kin > 0 || product.family >= BRAND_PRODUCTS);
        double bonus = own ? VENDOR * vendorShare : KIN * Math.max(product.kin, vendorShare * 0.5);
        bonus = brand ? Math.max(bonus, BRAND) : bonus;
        bonus += VERSIONS * product.versions + VENDOR_SIZE * Math.min(1, vendor.logProducts / LOG_LARGE_VENDOR);
        bonus += vendor.joined == product.joined ? SAME_NAME : 0;
        bonus += query.isBundle() && vendor.name.equals("apple") ? PLATFORM : 0;
        double fit = Math.pow(nameShare, NAME_POWER) * Math.pow(productShare, PRODUCT_POWER);
        return Math.min(100, fit * (1 + bonus) * SCALE);
    }

    /** Scores a product again, and says what of it and of its vendor the name has. */
    Explanation explain(Index.Product product, double score) {
        score(product);
        Index.Vendor vendor = index.vendors[product.vendor];
        List<String> found = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        Hits.Hit whole = hits.of(product.joined);
        if (whole != null && product.words.length > 1) {
            found.add("product " + said(whole));
        } else {
            for (int i = 0; i < product.words.length; i++) {
                Hits.Hit hit = hits.of(product.words[i]);
                if (hit != null) {
                    found.add("product " + said(hit));
                } else if ((initialWords >>> i & 1) != 0) {
                    found.add("product " + index.words[product.words[i]] + " (its initial)");
                } else {
                    missing.add(index.words[product.words[i]]);
                }
            }
        }
        for (int word : new int[] {vendor.joined, vendor.core}) {
            Hits.Hit hit = hits.of(word);
            if (hit != null) {
                found.add("vendor " + said(hit));
                break;
            }
        }
        return new Explanation(new Guess(score, product.cpe), nameShare, productShare, vendorShare, found, missing);
    }

    /** A word, and in what form the name has it where that is another. */
    private String said(Hits.Hit hit) {
        StringBuilder atoms = new StringBuilder();
        for (int i = 0; i < query.atoms().size(); i++) {
            if ((hit.atoms() >>> i & 1) != 0) {
                atoms.append(atoms.isEmpty() ? "" : " ")
                        .append(query.atoms().get(i).text());
            }
        }
        String word = index.words[hit.word()];
        return word.contentEquals(atoms) ? word : word + " (" + atoms + ")";
    }

    private float wordWeight(int word) {
        return index.weights[word] * (index.faint[word] ? FAINT : 1) + ANY_WORD;
    }

    private float vendorWeight(int word) {
        return index.kinds[word] ? index.weights[word] * VENDOR_KIND : index.weights[word];
    }

    /** The words, as bits, that an atom has the first characters of; 0 if there are none, or one of them is known already. */
    private static long initials(Index.Product product, Query.Atom atom, long wordsHit) {
        String text = atom.text();
        if (text.length() < 2 || text.length() > 6 || atom.role() != Query.Role.PLAIN) {
            return 0;
        }
        int at = product.initials.indexOf(text);
        if (at < 0 || at + text.length() > 60) {
            return 0;
        }
        long run = Hits.bits(at, at + text.length());
        return (run & wordsHit) == 0 ? run : 0;
    }

    /**
     * Finds how much of the name is explained.
     *
     * @return whether the product does it alone
     */
    private boolean cover(long mine, long his) {
        List<Query.Atom> atoms = query.atoms();
        double covered = 0;
        boolean alone = true;
        int i = 0;
        while (i < atoms.size()) {
            int end = query.endOfToken(i);
            long bits = Hits.bits(i, end);
            double token = 0;
            double found = 0;
            for (int j = i; j < end; j++) {
                token += hits.weights[j];
                found += ((mine | his) >>> j & 1) != 0 ? hits.weights[j] : 0;
            }
            covered += ((mine | his) & bits) == bits ? token : found * PART;
            alone &= (mine & bits) == bits || atoms.get(i).role() != Query.Role.PLAIN || token < NEGLIGIBLE;
            i = end;
        }
        nameShare = all == 0 ? 0 : covered / all;
        return alone;
    }
}
