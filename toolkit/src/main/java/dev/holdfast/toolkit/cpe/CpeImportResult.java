package dev.holdfast.toolkit.cpe;

import java.nio.file.Path;
import java.util.List;

/**
 * What an import has done.
 *
 * @param known whether this very file had been imported before, so that there was nothing to do
 * @param names how many names the file holds
 * @param products how many products were added, or had names added
 * @param deprecated how many more names it holds that it says are deprecated, and that were left out
 * @param rejected how many texts stood where a name should be and are none
 * @param resumed how many of the names an earlier import, which did not end, had read already
 * @param rejections where the first of the rejected texts stand, and what is wrong with them; at most 20
 */
public record CpeImportResult(
        Path file,
        boolean known,
        long names,
        long products,
        long deprecated,
        long rejected,
        long resumed,
        List<String> rejections) {}
