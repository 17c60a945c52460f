package dev.holdfast.server.tls;

import dev.holdfast.engine.base.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/** Reads certificates and private keys from files in the PEM format. */
final class Pem {
    /** No file of certificates is longer; the bundles of all public authorities are a tenth of it. */
    private static final long MOST_BYTES = 4 << 20;

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s(.*?)-----END \\1-----", Pattern.DOTALL);

    private static final byte SEQUENCE = 0x30;
    private static final byte OCTETS = 0x04;
    private static final byte CONTEXT_0 = (byte) 0xA0;
    private static final byte[] VERSION_0 = {0x02, 0x01, 0x00};

    /** The object identifier of RSA keys, and the null that stands for its parameters. */
    private static final byte[] RSA = {
        0x06, 0x09, 0x2A, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00
    };

    /** The object identifier of keys over elliptic curves; the curve follows it. */
    private static final byte[] ELLIPTIC = {0x06, 0x07, 0x2A, (byte) 0x86, 0x48, (byte) 0xCE, 0x3D, 0x02, 0x01};

    private Pem() {}

    private static String read(Path file) throws IOException {
        if (Files.size(file) > MOST_BYTES) {
            throw new IOException("the file is too long to be one of keys or certificates");
        }
        return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    }

    /**
     * The certificates of a file, in their order, at least one.
     *
     * @throws TlsException if it cannot be read or has none; the message says why and does not name the file
     */
    static List<X509Certificate> certificates(Path file) throws TlsException {
        List<X509Certificate> found = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Matcher block = BLOCK.matcher(read(file)); block.find(); ) {
                if (block.group(1).endsWith("CERTIFICATE")) {
                    found.add((X509Certificate)
                            factory.generateCertificate(new ByteArrayInputStream(decode(block.group(2)))));
                }
            }
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw new TlsException(Reason.of(e), e);
        }
        if (found.isEmpty()) {
            throw new TlsException("there is no certificate in it (-----BEGIN CERTIFICATE-----)");
        }
        return found;
    }

    private static byte[] decode(String base64) {
        return Base64.getMimeDecoder().decode(base64);
    }

    /**
     * The private key of a file: PKCS#8, encrypted or not, or the older forms of RSA and elliptic keys, not encrypted.
     *
     * @param password what it is encrypted with; empty for none
     * @throws TlsException if it cannot be read or has no key; the message says why and does not name the file
     */
    static PrivateKey privateKey(Path file, String password) throws TlsException {
        try {
            for (Matcher block = BLOCK.matcher(read(file)); block.find(); ) {
                String kind = block.group(1);
                if (kind.endsWith("PRIVATE KEY")) {
                    if (block.group(2).contains("Proc-Type:")) {
                        throw new TlsException(
                                "it is encrypted in an old format: convert it with 'openssl pkcs8 -topk8'");
                    }
                    return key(kind, decode(block.group(2)), password);
                }
            }
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw new TlsException(Reason.of(e), e);
        }
        throw new TlsException("there is no private key in it (-----BEGIN PRIVATE KEY-----)");
    }

    private static PrivateKey key(String kind, byte[] bytes, String password)
            throws IOException, GeneralSecurityException, TlsException {
        return switch (kind) {
            case "PRIVATE KEY" -> plain(bytes);
            case "ENCRYPTED PRIVATE KEY" -> plain(decrypt(bytes, password));
            case "RSA PRIVATE KEY" ->
                plain(element(SEQUENCE, join(VERSION_0, element(SEQUENCE, RSA), element(OCTETS, bytes))));
            case "EC PRIVATE KEY" ->
                plain(element(
                        SEQUENCE,
                        join(VERSION_0, element(SEQUENCE, join(ELLIPTIC, curve(bytes))), element(OCTETS, bytes))));
            default -> throw new TlsException("keys of this kind are not supported: " + kind);
        };
    }

    private static PrivateKey plain(byte[] pkcs8) throws GeneralSecurityException, TlsException {
        for (String algorithm : List.of("RSA", "EC", "EdDSA", "RSASSA-PSS")) {
            PrivateKey key = plain(pkcs8, algorithm);
            if (key != null) {
                return key;
            }
        }
        throw new TlsException("it is no key that this JVM understands");
    }

    /** Null if it is none of this algorithm. */
    private static @Nullable PrivateKey plain(byte[] pkcs8, String algorithm) throws GeneralSecurityException {
        try {
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (InvalidKeySpecException e) {
            return null;
        }
    }

    private static byte[] decrypt(byte[] bytes, String password)
            throws IOException, GeneralSecurityException, TlsException {
        if (password.isEmpty()) {
            throw new TlsException("it is encrypted, and no password is configured");
        }
        EncryptedPrivateKeyInfo encrypted = new EncryptedPrivateKeyInfo(bytes);
        // The name of the scheme that PKCS#5 version 2 leaves to its parameters is what they are called.
        String name =
                encrypted.getAlgName().equals("PBES2") || encrypted.getAlgName().equals("1.2.840.113549.1.5.13")
                        ? encrypted.getAlgParameters().toString()
                        : encrypted.getAlgName();
        try {
            Cipher cipher = Cipher.getInstance(name);
            cipher.init(
                    Cipher.DECRYPT_MODE,
                    SecretKeyFactory.getInstance(name).generateSecret(new PBEKeySpec(password.toCharArray())),
                    encrypted.getAlgParameters());
            return encrypted.getKeySpec(cipher).getEncoded();
        } catch (InvalidKeyException | InvalidKeySpecException e) {
            throw new TlsException("the password is wrong", e);
        }
    }

    // ---- ASN.1 ----

    /** The curve of an elliptic key in its older form: {@code SEQUENCE(INTEGER 1, OCTET STRING key, [0] curve, …)}. */
    private static byte[] curve(byte[] key) throws TlsException {
        int at = contentAt(key, 0);
        while (at < key.length) {
            int content = contentAt(key, at);
            int end = content + length(key, at);
            if (key[at] == CONTEXT_0 && end <= key.length) {
                return Arrays.copyOfRange(key, content, end);
            }
            at = end;
        }
        throw new TlsException("the key does not say on which curve it is");
    }

    private static int lengthBytes(byte[] der, int at) throws TlsException {
        if (at + 1 >= der.length) {
            throw new TlsException("the key is cut off");
        }
        int first = der[at + 1] & 0xFF;
        return first < 0x80 ? 1 : 1 + (first & 0x7F);
    }

    private static int contentAt(byte[] der, int at) throws TlsException {
        return at + 1 + lengthBytes(der, at);
    }

    private static int length(byte[] der, int at) throws TlsException {
        int bytes = lengthBytes(der, at);
        if (bytes == 1) {
            return der[at + 1];
        }
        if (bytes > 3 || at + bytes >= der.length) {
            throw new TlsException("the key is cut off");
        }
        int length = 0;
        for (int i = 2; i <= bytes; i++) {
            length = length << 8 | der[at + i] & 0xFF;
        }
        return length;
    }

    private static byte[] element(byte tag, byte[] content) {
        int length = content.length;
        byte[] head = length < 0x80
                ? new byte[] {tag, (byte) length}
                : new byte[] {tag, (byte) 0x82, (byte) (length >> 8), (byte) length};
        return join(head, content);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
