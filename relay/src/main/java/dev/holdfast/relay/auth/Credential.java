package dev.holdfast.relay.auth;

/** What proved who sent a request: a token of a user who has logged in, or a machine's key. */
sealed interface Credential permits Tokens.Access, ApiKeys.Key {
    String userId();
}
