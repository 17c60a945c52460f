package dev.holdfast.toolkit.cpe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * All products of a dictionary in memory, by the words of their names. Does not change once it is built.
 *
 * <p>A word is a run of letters and digits of a vendor's or product's name, or the whole name without what stands between the runs, so
 * that {@code red hat} finds {@code redhat} and {@code webpanel} finds {@code web_panel}. The weight of a word tells how much it
 * says: 1 for one that a single name has, 0 for one that all have.
 */
final class Index {
    static final int[] NONE = {};

    final Product[] products;
    final Map<String, Integer> ids;
    final String[] words;
    final float[] weights;
    /** By word: whether it hardly tells one product from another, and whether it says of what kind a vendor is. */
    final boolean[] faint;

    final boolean[] kinds;
    /** By word: the products in whose name it is. */
    final int[][] byProduct;
    /** By word: the vendors in whose name it is. */
    final int[][] byVendor;

    /** The products by the first characters of three words or more. */
    final Map<String, int[]> acronyms;

    final Vendor[] vendors;
    /** Words by their first character and length, to look for typing errors in. */
    private final Map<Integer, int[]> alike;
    /** All words in order, for those that begin in some way. */
    final int[] sorted;

    /** A vendor. */
    static final class Vendor {
        final String name;
        final int[] words;
        /** The word that is the whole name. */
        final int joined;
        /** The same without what is said of a vendor's kind, such as {@code project}. */
        final int core;
        /** How many products it has. */
        final int products;

        final double logProducts;

        Vendor(String name, int[] words, int joined, int core, int products) {
            this.name = name;
            this.words = words;
            this.joined = joined;
            this.core = core;
            this.products = products;
            this.logProducts = Math.log(products);
        }
    }

    /** A product. */
    static final class Product {
        /** What it is called in the store. */
        final String cpe;

        final int[] words;
        /** The word that is the whole name. */
        final int joined;

        final int vendor;
        /** How much the vendor's name says the product's, from 0 to 1. */
        final float kin;
        /** How many names of the dictionary have it, as a weight from 0 to 1. */
        final float versions;
        /** How many products of the vendor begin with the same word. */
        int family;
        /** The first characters of its words. */
        final String initials;

        Product(String cpe, int[] words, int joined, int vendor, float kin, float versions, String initials) {
            this.cpe = cpe;
            this.words = words;
            this.joined = joined;
            this.vendor = vendor;
            this.kin = kin;
            this.versions = versions;
            this.initials = initials;
        }
    }

    private Index(Builder builder) {
        this.ids = builder.ids;
        this.words = builder.words.toArray(String[]::new);
        this.products = builder.products;
        this.vendors = builder.vendors;
        this.weights = builder.weights;
        this.byProduct = builder.byProduct;
        this.byVendor = builder.byVendor;
        this.faint = new boolean[words.length];
        this.kinds = new boolean[words.length];
        for (int i = 0; i < words.length; i++) {
            faint[i] = Vocabulary.FAINT.contains(words[i]);
            kinds[i] = Vocabulary.VENDOR_KINDS.contains(words[i]);
        }
        this.acronyms = builder.acronyms;
        this.sorted = sorted(words);
        this.alike = alike(words);
    }

    int size() {
        return products.length;
    }

    private static int[] sorted(String[] words) {
        Integer[] order = new Integer[words.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> words[a].compareTo(words[b]));
        return Arrays.stream(order).mapToInt(Integer::intValue).toArray();
    }

    private static Map<Integer, int[]> alike(String[] words) {
        Map<Integer, Ints> lists = new HashMap<>();
        for (int i = 0; i < words.length; i++) {
            String word = words[i];
            lists.computeIfAbsent(first(word.charAt(0), word.length()), ignored -> new Ints())
                    .add(i);
        }
        Map<Integer, int[]> result = new HashMap<>(lists.size() * 2);
        lists.forEach((key, list) -> result.put(key, list.toArray()));
        return result;
    }

    private static int first(char c, int length) {
        return length << 16 | c;
    }

    /** The words that begin with a character and are so long. */
    int[] alike(char first, int length) {
        return alike.getOrDefault(first(first, length), NONE);
    }

    /** Where in the order of words those begin that are not before another. */
    int firstFrom(String word) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (words[sorted[middle]].compareTo(word) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The words of a name. */
    static List<String> split(String name) {
        List<String> words = new ArrayList<>(4);
        int start = -1;
        for (int i = 0; i <= name.length(); i++) {
            boolean inside = i < name.length() && Character.isLetterOrDigit(name.charAt(i));
            if (inside && start < 0) {
                start = i;
            } else if (!inside && start >= 0) {
                words.add(name.substring(start, i));
                start = -1;
            }
        }
        return words;
    }

    /**
     * Builds the index of products.
     *
     * @param counts what products are called, and how many names of the dictionary each has
     */
    static Index of(Map<CpeName, Long> counts) {
        return new Index(new Builder(counts));
    }

    private static final class Builder {
        final Map<String, Integer> ids = new HashMap<>();
        final List<String> words = new ArrayList<>();
        final Product[] products;
        final Vendor[] vendors;
        final float[] weights;
        final int[][] byProduct;
        final int[][] byVendor;
        final Map<String, int[]> acronyms = new HashMap<>();

        private static final class Named {
            final String name;
            final int[] words;
            final int joined;

            Named(String name, int[] words, int joined) {
                this.name = name;
                this.words = words;
                this.joined = joined;
            }
        }

        Builder(Map<CpeName, Long> counts) {
            Map<String, Integer> vendorIds = new LinkedHashMap<>();
            List<Named> vendorNames = new ArrayList<>();
            int[] sizes = new int[counts.size()];
            this.products = new Product[counts.size()];
            long most = 1;
            for (long count : counts.values()) {
                most = Math.max(most, count);
            }
            Map<Long, Integer> families = new HashMap<>();
            Named[] names = new Named[products.length];
            int[] vendorOf = new int[products.length];
            int i = 0;
            for (CpeName name : counts.keySet()) {
                String plain = CpeName.unescaped(name.vendor()).toLowerCase(Locale.ROOT);
                Integer vendor = vendorIds.get(plain);
                if (vendor == null) {
                    vendor = vendorNames.size();
                    vendorIds.put(plain, vendor);
                    vendorNames.add(named(plain));
                }
                sizes[vendor]++;
                vendorOf[i] = vendor;
                names[i] = named(CpeName.unescaped(name.product()).toLowerCase(Locale.ROOT));
                i++;
            }
            this.vendors = new Vendor[vendorNames.size()];
            for (int v = 0; v < vendors.length; v++) {
                Named named = vendorNames.get(v);
                vendors[v] = new Vendor(named.name, named.words, named.joined, core(named), sizes[v]);
            }
            i = 0;
            for (Map.Entry<CpeName, Long> entry : counts.entrySet()) {
                Vendor vendor = vendors[vendorOf[i]];
                float versions =
                        (float) (Math.log(entry.getValue().doubleValue()) / Math.log((double) Math.max(2, most)));
                products[i] = new Product(
                        entry.getKey().toString(),
                        names[i].words,
                        names[i].joined,
                        vendorOf[i],
                        kin(words.get(vendor.core), words.get(names[i].joined)),
                        versions,
                        initials(names[i].words));
                families.merge((long) vendorOf[i] << 32 | names[i].words[0], 1, Integer::sum);
                i++;
            }
            Map<String, Ints> byInitials = new HashMap<>();
            for (int p = 0; p < products.length; p++) {
                Product product = products[p];
                product.family = families.getOrDefault((long) product.vendor << 32 | product.words[0], 1);
                if (product.initials.length() >= 3) {
                    byInitials
                            .computeIfAbsent(product.initials, ignored -> new Ints())
                            .add(p);
                }
            }
            byInitials.forEach((k, v) -> acronyms.put(k, v.toArray()));
            Ints[] ofProducts = lists();
            for (int p = 0; p < products.length; p++) {
                add(ofProducts, products[p].words, products[p].joined, p);
            }
            Ints[] ofVendors = lists();
            for (int v = 0; v < vendors.length; v++) {
                add(ofVendors, vendors[v].words, vendors[v].joined, v);
                ofVendors[vendors[v].core].add(v);
            }
            this.byProduct = arrays(ofProducts);
            this.byVendor = arrays(ofVendors);
            this.weights = new float[words.size()];
            double all = Math.log(Math.max(2, products.length));
            for (int w = 0; w < weights.length; w++) {
                double share = 1 - Math.log(Math.max(1, byProduct[w].length + byVendor[w].length)) / all;
                weights[w] = (float) Math.max(0.02, share * share);
            }
        }

        private Named named(String name) {
            List<String> split = split(name);
            int[] ids = new int[Math.max(1, split.size())];
            StringBuilder joined = new StringBuilder(name.length());
            for (int i = 0; i < split.size(); i++) {
                ids[i] = id(split.get(i));
                joined.append(split.get(i));
            }
            if (split.isEmpty()) {
                ids[0] = id(name);
                joined.append(name);
            }
            return new Named(name, ids, id(joined.toString()));
        }

        private String initials(int[] ids) {
            StringBuilder initials = new StringBuilder(ids.length);
            for (int id : ids) {
                initials.append(words.get(id).charAt(0));
            }
            return initials.toString();
        }

        private int id(String word) {
            Integer id = ids.get(word);
            if (id == null) {
                id = words.size();
                ids.put(word, id);
                words.add(word);
            }
            return id;
        }

        private int core(Named vendor) {
            int end = vendor.words.length;
            while (end > 1 && Vocabulary.VENDOR_KINDS.contains(words.get(vendor.words[end - 1]))) {
                end--;
            }
            if (end == vendor.words.length) {
                return vendor.joined;
            }
            StringBuilder core = new StringBuilder();
            for (int i = 0; i < end; i++) {
                core.append(words.get(vendor.words[i]));
            }
            return id(core.toString());
        }

        /** How much of a vendor's name is the product's or the other way round. */
        private static float kin(String vendor, String product) {
            if (vendor.equals(product)) {
                return 1;
            }
            String longer = vendor.length() > product.length() ? vendor : product;
            String shorter = vendor.length() > product.length() ? product : vendor;
            return shorter.length() >= 3 && longer.contains(shorter) ? (float) shorter.length() / longer.length() : 0;
        }

        private Ints[] lists() {
            Ints[] lists = new Ints[words.size()];
            Arrays.setAll(lists, ignored -> new Ints());
            return lists;
        }

        private static void add(Ints[] lists, int[] words, int joined, int what) {
            for (int word : words) {
                lists[word].add(what);
            }
            lists[joined].add(what);
        }

        private static int[][] arrays(Ints[] lists) {
            int[][] arrays = new int[lists.length][];
            for (int i = 0; i < lists.length; i++) {
                arrays[i] = lists[i].toArray();
            }
            return arrays;
        }
    }

    /** A list of ints in which the last is not repeated at once. */
    private static final class Ints {
        private int[] values = NONE;
        private int size;

        void add(int value) {
            if (size > 0 && values[size - 1] == value) {
                return;
            }
            if (size == values.length) {
                values = Arrays.copyOf(values, Math.max(2, size * 2));
            }
            values[size++] = value;
        }

        int[] toArray() {
            return size == values.length ? values : Arrays.copyOf(values, size);
        }
    }
}
