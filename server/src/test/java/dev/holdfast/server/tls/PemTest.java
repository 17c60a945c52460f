package dev.holdfast.server.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The forms in which keys are kept in files. */
final class PemTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private Path write(String kind, byte[] bytes) throws Exception {
        return Files.writeString(
                directory.resolve("key.pem"),
                "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n-----BEGIN " + kind
                        + "-----\n" + Base64.getMimeEncoder().encodeToString(bytes) + "\n-----END " + kind
                        + "-----\n");
    }

    private static PrivateKey rsa(int bits) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(bits);
        return generator.generateKeyPair().getPrivate();
    }

    private static PrivateKey elliptic() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair().getPrivate();
    }

    private static PrivateKey edwards() throws Exception {
        return KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate();
    }

    @Test
    void readsTodaysForm() throws Exception {
        for (PrivateKey key : new PrivateKey[] {rsa(2048), elliptic(), edwards()}) {
            assertEquals(key, Pem.privateKey(write("PRIVATE KEY", key.getEncoded()), ""));
        }
    }

    /** What today's form of a RSA key has inside, behind 26 bytes. */
    @ParameterizedTest
    @ValueSource(ints = {2048, 4096})
    void readsTheOlderFormOfRsa(int bits) throws Exception {
        PrivateKey key = rsa(bits);
        byte[] inner = Arrays.copyOfRange(key.getEncoded(), 26, key.getEncoded().length);
        assertEquals(key, Pem.privateKey(write("RSA PRIVATE KEY", inner), ""));
        Path cut = write("RSA PRIVATE KEY", Arrays.copyOf(inner, inner.length / 2));
        assertThrows(TlsException.class, () -> Pem.privateKey(cut, ""));
    }

    /** A number of 32 bytes, and the name of its curve. */
    @Test
    void readsTheOlderFormOfEllipticKeys() throws Exception {
        PrivateKey key = elliptic();
        String hex = HexFormat.of().formatHex(key.getEncoded());
        int at = hex.indexOf("0420");
        ByteArrayOutputStream inner = new ByteArrayOutputStream();
        inner.writeBytes(HexFormat.of().parseHex("3031020101" + hex.substring(at, at + 4 + 64)));
        inner.writeBytes(HexFormat.of().parseHex("a00a06082a8648ce3d030107"));
        PrivateKey read = Pem.privateKey(write("EC PRIVATE KEY", inner.toByteArray()), "");
        assertEquals(((ECPrivateKey) key).getS(), ((ECPrivateKey) read).getS());
        for (int length = 0; length < inner.size(); length++) {
            Path cut = write("EC PRIVATE KEY", Arrays.copyOf(inner.toByteArray(), length));
            assertThrows(TlsException.class, () -> Pem.privateKey(cut, ""));
        }
    }

    @Test
    void readsEncryptedKeysWithTheirPassword() throws Exception {
        PrivateKey key = elliptic();
        String scheme = "PBEWithHmacSHA256AndAES_256";
        SecretKey secret = SecretKeyFactory.getInstance(scheme).generateSecret(new PBEKeySpec("1234".toCharArray()));
        Cipher cipher = Cipher.getInstance(scheme);
        cipher.init(Cipher.ENCRYPT_MODE, secret);
        AlgorithmParameters parameters = AlgorithmParameters.getInstance("PBES2");
        parameters.init(cipher.getParameters().getEncoded());
        byte[] encrypted = new EncryptedPrivateKeyInfo(parameters, cipher.doFinal(key.getEncoded())).getEncoded();
        Path file = write("ENCRYPTED PRIVATE KEY", encrypted);
        assertEquals(key, Pem.privateKey(file, "1234"));
        assertThrows(TlsException.class, () -> Pem.privateKey(file, "1235"));
        TlsException none = assertThrows(TlsException.class, () -> Pem.privateKey(file, ""));
        assertEquals("it is encrypted, and no password is configured", none.getMessage());
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        Path file = directory.resolve("key.pem");
        TlsException missing = assertThrows(TlsException.class, () -> Pem.privateKey(file, ""));
        assertEquals(file + ": No such file or directory", missing.getMessage());
        Files.writeString(file, """
                -----BEGIN RSA PRIVATE KEY-----
                Proc-Type: 4,ENCRYPTED
                DEK-Info: AES-128-CBC,00

                AAAA
                -----END RSA PRIVATE KEY-----
                """);
        TlsException old = assertThrows(TlsException.class, () -> Pem.privateKey(file, "1234"));
        assertTrue(old.getMessage().contains("openssl pkcs8 -topk8"), old.getMessage());
        Files.writeString(file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assertThrows(TlsException.class, () -> Pem.certificates(file));
        assertThrows(TlsException.class, () -> Pem.privateKey(file, ""));
        assertThrows(TlsException.class, () -> Pem.certificates(directory));
    }
}
