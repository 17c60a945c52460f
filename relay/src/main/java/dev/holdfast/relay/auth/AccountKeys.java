package dev.holdfast.relay.auth;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** The keys in which users, tokens, keys for machines and attempts to log in are kept. Who could write to them could be anybody. */
public final class AccountKeys {
    private static final String UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

    private static final Pattern ONE = Pattern.compile("(db\\d+:)?(user:username_index|user:" + UUID
            + "(:owned_topics|:api_keys)?|apikey:.*|refresh:.*|denylist:.*|device:.*|relay:login:.*)");

    private AccountKeys() {}

    /** Whether a key is one of them. */
    public static boolean isOne(byte[] key) {
        return ONE.matcher(new String(key, StandardCharsets.UTF_8)).matches();
    }
}
