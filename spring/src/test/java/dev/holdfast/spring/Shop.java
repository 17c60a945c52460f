package dev.holdfast.spring;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cache.annotation.CacheEvict;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.session.FindByIndexNameSessionRepository;
import org.springframework.stereotype.Service;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** An application with a cache, sessions and nothing about a store. */
@SpringBootApplication
@EnableCaching
class Shop {
    record Price(String name, int cents) implements Serializable {}

    @Service
    static class Prices {
        private int asked;

        @Cacheable("prices")
        @Nullable
        Price of(String name) {
            asked++;
            return switch (name) {
                case "nothing" -> null;
                case "broken" -> throw new IllegalStateException("no price");
                default -> new Price(name, asked);
            };
        }

        @CacheEvict("prices")
        void change(String name) {}

        int asked() {
            return asked;
        }
    }

    @RestController
    static class Pages {
        @GetMapping("/buy/{thing}")
        String buy(HttpSession session, @PathVariable("thing") String thing) {
            List<String> cart = new ArrayList<>();
            if (session.getAttribute("cart") instanceof List<?> before) {
                before.forEach(one -> cart.add((String) one));
            }
            cart.add(thing);
            session.setAttribute("cart", cart);
            return cart.toString();
        }

        @GetMapping("/id")
        String id(HttpSession session) {
            return session.getId();
        }

        @GetMapping("/login/{name}")
        String login(HttpServletRequest request, @PathVariable("name") String name) {
            request.changeSessionId();
            request.getSession().setAttribute(FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME, name);
            return name;
        }

        @GetMapping("/logout")
        void logout(HttpSession session) {
            session.invalidate();
        }
    }
}
