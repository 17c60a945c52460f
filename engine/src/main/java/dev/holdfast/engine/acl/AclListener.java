package dev.holdfast.engine.acl;

/** Hears of users that have lost permissions, so that their clients lose what they owe to them. */
public interface AclListener {
    /** Before there are clients. */
    AclListener NONE = new AclListener() {
        @Override
        public void channelsLost(AclUser user) {}

        @Override
        public void removed(AclUser user) {}
    };

    /** A user may no longer use each channel that it could use before. */
    void channelsLost(AclUser user);

    /** There is no such user any more. */
    void removed(AclUser user);
}
