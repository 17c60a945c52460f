package dev.holdfast.toolkit.cpe;

import java.util.List;

/**
 * Why a product was guessed. Words count by how few names have them.
 *
 * @param nameShare how much of the name the product and its vendor explain, from 0 to 1
 * @param productShare how much of the product's name is there
 * @param vendorShare how much of the vendor's name is there
 * @param found the words of product and vendor that are there, with the form in which the name has them where that is another
 * @param missing the words of the product that are not there
 */
public record Explanation(
        Guess guess,
        double nameShare,
        double productShare,
        double vendorShare,
        List<String> found,
        List<String> missing) {}
