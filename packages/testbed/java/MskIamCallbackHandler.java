import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerExtensionsValidatorCallback;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;

/**
 * The broker's side of MSK's IAM authentication, for tests.
 *
 * <p>A token is the URL-safe base64 of a presigned URL: {@code GET https://kafka.REGION.amazonaws.com/} with
 * {@code Action=kafka-cluster:Connect}, signed by AWS Signature Version 4 for the service {@code kafka-cluster}. This
 * handler recomputes the signature with the secret that it knows for the access key and makes the key's ARN the
 * principal, to which ACLs can be bound. It refuses with the code {@code access_denied}, as MSK does, and tells the
 * broker's log why; of a token that it takes it tells the access key.
 *
 * <p>The property {@code msk.iam.credentials.file} names a file with a line for each access key:
 * {@code accessKeyId secretAccessKey arn expiresAtEpochSeconds [sessionToken]}. It is read at each authentication, so
 * that a test can revoke a key. {@code msk.iam.region} is the cluster's own region.
 */
public class MskIamCallbackHandler implements AuthenticateCallbackHandler {
  private record Credentials(String secret, String arn, Instant expiresAt, String sessionToken) {}

  private static final DateTimeFormatter AMZ_DATE =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private Path credentialsFile;
  private String region;

  @Override
  public void configure(Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> jaas) {
    credentialsFile = Path.of(String.valueOf(configs.get("msk.iam.credentials.file")));
    region = String.valueOf(configs.get("msk.iam.region"));
  }

  @Override
  public void handle(Callback[] callbacks) throws UnsupportedCallbackException {
    for (Callback callback : callbacks) {
      if (callback instanceof OAuthBearerValidatorCallback validator) validate(validator);
      else if (callback instanceof OAuthBearerExtensionsValidatorCallback extensions) {
        extensions.inputExtensions().map().keySet().forEach(extensions::valid);
      } else throw new UnsupportedCallbackException(callback);
    }
  }

  @Override
  public void close() {}

  private void validate(OAuthBearerValidatorCallback callback) {
    try {
      callback.token(verify(callback.tokenValue()));
    } catch (Exception refused) {
      System.err.println("MSK IAM: refused: " + refused.getMessage());
      callback.error("access_denied", "kafka-cluster:Connect", null);
    }
  }

  private OAuthBearerToken verify(String token) throws IOException, GeneralSecurityException {
    URI url = URI.create(new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8));
    TreeMap<String, String> query = parse(url.getRawQuery());
    // The signer appends its User-Agent after it signed.
    query.remove("User-Agent");
    String signature = query.remove("X-Amz-Signature");
    require("https".equals(url.getScheme()), "the scheme is not https");
    require("kafka-cluster:Connect".equals(query.get("Action")), "the action is not kafka-cluster:Connect");
    require("AWS4-HMAC-SHA256".equals(query.get("X-Amz-Algorithm")), "another algorithm");
    require("host".equals(query.get("X-Amz-SignedHeaders")), "other headers are signed");

    // accessKeyId/date/region/service/aws4_request
    String[] scope = String.valueOf(query.get("X-Amz-Credential")).split("/");
    require(scope.length == 5 && scope[3].equals("kafka-cluster") && scope[4].equals("aws4_request"), "wrong scope");
    require(scope[2].equals(region), "signed for the region " + scope[2]);
    require(url.getHost().equals("kafka." + region + ".amazonaws.com"), "the host is " + url.getHost());
    require(String.valueOf(query.get("X-Amz-Date")).startsWith(scope[1]), "two dates");

    Credentials credentials = readCredentials().get(scope[0]);
    require(credentials != null, "unknown access key " + scope[0]);
    require(Objects.equals(credentials.sessionToken, query.get("X-Amz-Security-Token")), "wrong session token");
    Instant signedAt = Instant.from(AMZ_DATE.parse(query.get("X-Amz-Date")));
    Instant expiresAt = signedAt.plusSeconds(Long.parseLong(query.get("X-Amz-Expires")));
    Instant now = Instant.now();
    require(now.isBefore(expiresAt), "the token has expired");
    require(now.isBefore(credentials.expiresAt), "the credentials have expired");
    require(signedAt.isBefore(now.plusSeconds(300)), "signed in the future");

    String wanted = sign(credentials.secret, scope, query, url.getHost());
    require(MessageDigest.isEqual(bytes(wanted), bytes(String.valueOf(signature))), "wrong signature");
    System.err.println("MSK IAM: accepted: " + scope[0]);
    // A session lasts no longer than the token, nor the credentials behind it.
    Instant end = expiresAt.isBefore(credentials.expiresAt) ? expiresAt : credentials.expiresAt;
    return new Token(token, credentials.arn, signedAt.toEpochMilli(), end.toEpochMilli());
  }

  /** https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html, with the query as carrier. */
  private static String sign(String secret, String[] scope, TreeMap<String, String> query, String host)
      throws GeneralSecurityException {
    StringJoiner canonicalQuery = new StringJoiner("&");
    query.forEach((name, value) -> canonicalQuery.add(encode(name) + "=" + encode(value)));
    String canonical = "GET\n/\n" + canonicalQuery + "\nhost:" + host + "\n\nhost\n" + hex(sha256(""));
    String scopeText = String.join("/", Arrays.copyOfRange(scope, 1, 5));
    String toSign = "AWS4-HMAC-SHA256\n" + query.get("X-Amz-Date") + "\n" + scopeText + "\n" + hex(sha256(canonical));
    byte[] key = bytes("AWS4" + secret);
    for (int part = 1; part < 5; part++) key = hmac(key, scope[part]);
    return hex(hmac(key, toSign));
  }

  private Map<String, Credentials> readCredentials() throws IOException {
    Map<String, Credentials> known = new HashMap<>();
    for (String line : Files.readAllLines(credentialsFile)) {
      String[] part = line.trim().split("\\s+");
      if (part.length < 4) continue;
      Instant expiresAt = Instant.ofEpochSecond(Long.parseLong(part[3]));
      known.put(part[0], new Credentials(part[1], part[2], expiresAt, part.length > 4 ? part[4] : null));
    }
    return known;
  }

  private record Token(String value, String principalName, Long startTimeMs, long lifetimeMs)
      implements OAuthBearerToken {
    @Override
    public Set<String> scope() {
      return Set.of("kafka-cluster:Connect");
    }
  }

  private static TreeMap<String, String> parse(String rawQuery) {
    TreeMap<String, String> query = new TreeMap<>();
    for (String pair : rawQuery.split("&")) {
      int equals = pair.indexOf('=');
      query.put(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
    }
    return query;
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) throw new IllegalArgumentException(otherwise);
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  /** RFC 3986, where Java's encoder writes HTML forms. */
  private static String encode(String text) {
    String form = URLEncoder.encode(text, StandardCharsets.UTF_8);
    return form.replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] sha256(String text) throws GeneralSecurityException {
    return MessageDigest.getInstance("SHA-256").digest(bytes(text));
  }

  private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(bytes(text));
  }

  private static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }
}
