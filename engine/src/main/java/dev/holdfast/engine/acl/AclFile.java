package dev.holdfast.engine.acl;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigFileRewriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where users come from when the store opens: lines of the configuration, or the file that {@code aclfile} names. */
public final class AclFile {
    private static final Logger LOG = LoggerFactory.getLogger(AclFile.class);

    private final Config config;
    private final Acl acl;

    public AclFile(Config config, Acl acl) {
        this.config = config;
        this.acl = acl;
    }

    /** Whether there is such a file. */
    public boolean isConfigured() {
        return !config.program.aclfile.get().isEmpty();
    }

    private Path path() {
        return Path.of(config.program.dir.get()).resolve(config.program.aclfile.get());
    }

    /**
     * Takes over the configured users.
     *
     * @throws IllegalArgumentException if they are wrong; the store must not open then
     */
    public void start() {
        if (isConfigured() && !config.users().isEmpty()) {
            throw new IllegalArgumentException("Users are declared both in the configuration and in a file of users"
                    + " (aclfile): that invites mistakes and holes. Use one of the two.");
        }
        try {
            acl.loadConfigured(config.users());
            if (isConfigured()) {
                load(AclListener.NONE);
            }
        } catch (AclRuleException e) {
            throw new IllegalArgumentException("Aborting because of ACL errors: " + e.getMessage(), e);
        }
        for (AclUser user : acl.users()) {
            if (!user.isEnabled()) {
                LOG.info(
                        "The user '{}' is disabled (there is no 'on' modifier in the user description). Make sure this"
                                + " is not a configuration error.",
                        user.shownName());
            }
        }
    }

    /**
     * Reads the file again.
     *
     * @throws AclRuleException if that fails; everything is as before
     */
    public void load(AclListener listener) throws AclRuleException {
        String name = config.program.aclfile.get();
        String text;
        try {
            text = Files.readString(path(), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new AclRuleException("Error loading ACLs, opening file '" + name + "': No such file or directory");
        } catch (IOException e) {
            throw new AclRuleException("Error loading ACLs, opening file '" + name + "': " + Reason.of(e));
        }
        acl.load(name, text, listener);
    }

    /**
     * Writes the users to the file, which only its owner may read.
     *
     * @throws IOException if that fails; the file is as before
     */
    public void save() throws IOException {
        StringBuilder text = new StringBuilder();
        acl.lines().forEach(line -> text.append(line).append('\n'));
        ConfigFileRewriter.replace(path(), Acl.bytes(text.toString()));
    }
}
