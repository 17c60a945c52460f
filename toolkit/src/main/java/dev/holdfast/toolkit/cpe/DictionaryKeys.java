package dev.holdfast.toolkit.cpe;

import dev.holdfast.toolkit.store.HashTag;
import dev.holdfast.toolkit.store.Store;

/**
 * The keys of a dictionary. It has a database of its own, so they are those of cpe-guesser; on a cluster they begin with a prefix that
 * keeps them in one slot, for its commands and our scripts read several at once.
 */
final class DictionaryKeys {
    private final String prefix;

    DictionaryKeys(Store store) {
        this.prefix = store.isCluster() ? HashTag.of(store.namespace() + "cpe") + ":" : store.namespace();
    }

    String rank() {
        return prefix + "rank:cpe";
    }

    String alias() {
        return prefix + "rank:vendor_product";
    }

    String word(String word) {
        return prefix + "w:" + word;
    }

    String scores(String word) {
        return prefix + "s:" + word;
    }

    /** Grows with every import. */
    String version() {
        return prefix + "cpe:version";
    }

    /** A hash of the files that were imported, by their SHA-256: name, number of names, and when, in milliseconds. */
    String imports() {
        return prefix + "cpe:imports";
    }

    /** A hash that says how far an import has come. */
    String state(String id) {
        return prefix + "cpe:import:" + id;
    }

    /** The products of a file that is being imported, by the number of their names. */
    String staged(String id) {
        return prefix + "cpe:import:" + id + ":names";
    }

    /** Patterns of all of them. */
    String[] patterns() {
        String literal = prefix.replaceAll("[\\\\*?\\[\\]]", "\\\\$0");
        return new String[] {literal + "w:*", literal + "s:*", literal + "rank:*", literal + "cpe:*"};
    }
}
