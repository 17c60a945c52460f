package dev.holdfast.examples.pages;

import dev.holdfast.toolkit.cache.CacheHandler;
import java.time.Duration;
import java.util.Map;

/**
 * A web application whose pages take long to render. It asks its framework's cache handler for them, which shares them with all other
 * processes, and drops those that an edit has made old.
 *
 * <pre>
 * VALKEY_HOST=localhost java … dev.holdfast.examples.pages.PageCache
 * HOLDFAST_URI=embedded: java … dev.holdfast.examples.pages.PageCache
 * </pre>
 */
public final class PageCache implements AutoCloseable {
    private static final Duration PAGE = Duration.ofMinutes(10);

    private final CacheHandler cache;
    private int rendered;

    public PageCache(Map<String, String> environment) {
        this.cache = CacheHandler.fromEnvironment(environment);
    }

    /** A page, rendered at most once in ten minutes by whichever process. */
    public String page(String path) {
        return cache.getOrSet("page:" + path, PAGE, () -> render(path));
    }

    private String render(String path) {
        rendered++;
        return "<h1>" + path + "</h1>";
    }

    /** Somebody has edited an article: its page goes, and all lists that it may be on. */
    public void edited(String article) {
        cache.clear("page:/articles/" + article);
        cache.clear("page:/lists/*");
    }

    /** How many pages this process has rendered. */
    public int rendered() {
        return rendered;
    }

    @Override
    public void close() {
        cache.close();
    }

    public static void main(String[] args) {
        try (PageCache pages = new PageCache(System.getenv())) {
            for (int i = 0; i < 3; i++) {
                pages.page("/articles/1");
                pages.page("/lists/new");
            }
            System.out.println("6 pages served, " + pages.rendered() + " rendered");
            pages.edited("1");
            pages.page("/articles/1");
            System.out.println("after an edit " + pages.rendered() + " rendered");
        }
    }
}
