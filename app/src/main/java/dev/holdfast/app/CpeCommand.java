package dev.holdfast.app;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cpe.CpeDictionary;
import dev.holdfast.toolkit.cpe.CpeImportResult;
import dev.holdfast.toolkit.cpe.CpeLayout;
import dev.holdfast.toolkit.cpe.Explanation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code holdfast cpe}: fills a dictionary of CPE names in a store, and guesses what names of software mean by it. */
@Command(
        name = "cpe",
        description = "Reads CPE names into a store, and guesses which of their products a name of software means.",
        mixinStandardHelpOptions = true,
        subcommands = {CpeCommand.Import.class, CpeCommand.Search.class})
final class CpeCommand {
    private static final Duration REFRESH = Duration.ofHours(1);

    /** Where the dictionary is. */
    static final class Target {
        @Option(
                names = "--uri",
                description =
                        "the store, such as redis://localhost:6379 or embedded:/var/lib/app, with database 8 unless it names"
                                + " another; unless given, what"
                                + " CPE_GUESSER_VALKEY_HOST, _PORT and _DB say, else database 8 of the store that HOLDFAST_URI,"
                                + " VALKEY_URL, REDIS_URL, VALKEY_HOST or REDIS_HOST names, else of the server on this machine")
        private @Nullable String uri;

        Toolkit open() {
            return Toolkit.open(uri == null ? CpeDictionary.uri(System.getenv()) : CpeDictionary.inOwnDatabase(uri));
        }
    }

    @Command(
            name = "import",
            description =
                    "Reads files of CPE names: NVD's dictionary as JSON or XML, CVE records, or a table of vendors and"
                            + " products; plain or in gzip, zip and tar. A file that was read before is left out, and one whose import"
                            + " did not end is gone on with.",
            mixinStandardHelpOptions = true)
    static final class Import implements Callable<Integer> {
        @Mixin
        private Target target = new Target();

        @Parameters(
                arity = "1..*",
                paramLabel = "FILE",
                description = "the files; what they are shows by their content")
        private List<Path> files = List.of();

        @Option(names = "--replace", description = "empty the dictionary first")
        private boolean replace;

        @Option(
                names = "--rank-only",
                description =
                        "keep only what Holdfast reads itself, in a seventh of the memory; cpe-guesser finds nothing then")
        private boolean rankOnly;

        @Override
        public Integer call() throws IOException {
            try (Toolkit toolkit = target.open()) {
                CpeDictionary dictionary = toolkit.cpeDictionary()
                        .layout(rankOnly ? CpeLayout.RANK_ONLY : CpeLayout.CPE_GUESSER)
                        .refreshEvery(REFRESH)
                        .build();
                if (replace) {
                    dictionary.clear();
                }
                for (Path file : files) {
                    long begin = System.nanoTime();
                    Progress progress = new Progress(
                            System.out, "reading " + file, file.toFile().length());
                    describe(
                            dictionary.importFile(file, (read, bytes, names) -> progress.accept(read)),
                            (System.nanoTime() - begin) / 1e9);
                }
                System.out.printf("the dictionary has %d products%n", dictionary.size());
                return 0;
            }
        }

        private static void describe(CpeImportResult result, double seconds) {
            if (result.known()) {
                System.out.printf("%s: has been imported before, nothing to do%n", result.file());
                return;
            }
            System.out.printf(
                    Locale.ROOT,
                    "%s: %d names of %d products in %.1f s%s%s%n",
                    result.file(),
                    result.names(),
                    result.products(),
                    seconds,
                    result.deprecated() == 0 ? "" : ", without " + result.deprecated() + " deprecated ones",
                    result.resumed() == 0 ? "" : "; an import that did not end had read " + result.resumed());
            result.rejections().forEach(rejection -> System.err.println("  left out: " + rejection));
            if (result.rejected() > result.rejections().size()) {
                System.err.printf(
                        "  left out: %d more%n",
                        result.rejected() - result.rejections().size());
            }
        }
    }

    @Command(
            name = "search",
            description = "Says which products a name of software may mean, best first. Ends with 1 if there is none.",
            mixinStandardHelpOptions = true)
    static final class Search implements Callable<Integer> {
        @Mixin
        private Target target = new Target();

        @Parameters(arity = "1..*", paramLabel = "WORD", description = "the name, as people and tools write it")
        private List<String> words = List.of();

        @Option(names = "--limit", description = "how many products at most (${DEFAULT-VALUE})")
        private int limit = 10;

        @Option(names = "--explain", description = "say why")
        private boolean explain;

        @Override
        public Integer call() {
            try (Toolkit toolkit = target.open()) {
                CpeDictionary dictionary =
                        toolkit.cpeDictionary().refreshEvery(REFRESH).build();
                if (dictionary.size() == 0) {
                    System.err.println("holdfast: the dictionary is empty; ./holdfast cpe import fills it");
                    return FileCommands.FAILED;
                }
                List<Explanation> found = dictionary.explain(String.join(" ", words), limit);
                found.forEach(this::print);
                return found.isEmpty() ? FileCommands.FAILED : 0;
            }
        }

        private void print(Explanation one) {
            System.out.printf(
                    Locale.ROOT, "%6.2f  %s%n", one.guess().score(), one.guess().cpe());
            if (explain) {
                System.out.printf(
                        Locale.ROOT,
                        "        of the name %.0f %%, of the product %.0f %%, of the vendor %.0f %%%n",
                        100 * one.nameShare(),
                        100 * one.productShare(),
                        100 * one.vendorShare());
                System.out.println("        found: " + String.join(", ", one.found()));
                if (!one.missing().isEmpty()) {
                    System.out.println("        missing: " + String.join(", ", one.missing()));
                }
            }
        }
    }
}
