package dev.holdfast.engine.catalog;

/** The groups of commands, with the name that {@code COMMAND DOCS} shows and the ACL category that they imply. */
public enum CommandGroup {
    GENERIC("generic", "keyspace"),
    STRING("string", "string"),
    LIST("list", "list"),
    SET("set", "set"),
    SORTED_SET("sorted-set", "sortedset"),
    HASH("hash", "hash"),
    PUBSUB("pubsub", ""),
    TRANSACTIONS("transactions", "transaction"),
    CONNECTION("connection", "connection"),
    SERVER("server", ""),
    SCRIPTING("scripting", "scripting"),
    HYPERLOGLOG("hyperloglog", "hyperloglog"),
    CLUSTER("cluster", ""),
    GEO("geo", "geo"),
    STREAM("stream", "stream"),
    BITMAP("bitmap", "bitmap");

    private final String shown;
    private final String aclCategory;

    CommandGroup(String shown, String aclCategory) {
        this.shown = shown;
        this.aclCategory = aclCategory;
    }

    public String shown() {
        return shown;
    }

    public String aclCategory() {
        return aclCategory;
    }
}
