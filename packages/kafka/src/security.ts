import { type AwsCredentialsProvider, awsCredentials, tlsOptions } from "@millrace/connections";
import { requireSetting } from "@millrace/shared";
import type { KafkaConfig } from "kafkajs";
import { mskIamMechanism } from "./msk.ts";
import type { KafkaSettings } from "./settings.ts";

/** How a kafkajs client authenticates; the same for consumers, producers and the admin client. */
export function kafkaSecurity(
  settings: KafkaSettings,
  credentials: AwsCredentialsProvider = awsCredentials(settings.AWS_ROLE_SESSION_NAME),
): Pick<KafkaConfig, "ssl" | "sasl" | "reauthenticationThreshold"> {
  const security = settings.KAFKA_SECURITY ?? (settings.KAFKA_USE_IAM_AUTH ? "iam" : "plaintext");
  if (security === "plaintext") return {};
  const tls = {
    ssl: tlsOptions({
      ca: { variable: "KAFKA_TLS_CA_PATH", path: settings.KAFKA_TLS_CA_PATH },
      // With these two it is mTLS: the certificate identifies the client.
      cert: { variable: "KAFKA_TLS_CERTIFICATE_PATH", path: settings.KAFKA_TLS_CERTIFICATE_PATH },
      key: { variable: "KAFKA_TLS_KEY_PATH", path: settings.KAFKA_TLS_KEY_PATH },
    }),
  };
  // The broker limits the session; kafkajs authenticates again with the first request within this time of its end.
  const reauthenticationThreshold = settings.KAFKA_REAUTHENTICATION_THRESHOLD_MS;
  switch (security) {
    case "tls":
      return tls;
    case "scram":
      return {
        ...tls,
        reauthenticationThreshold,
        sasl: {
          mechanism: "scram-sha-512",
          username: requireSetting(settings, "KAFKA_SCRAM_USERNAME"),
          password: requireSetting(settings, "KAFKA_SCRAM_PASSWORD"),
        },
      };
    case "iam":
      return {
        ...tls,
        reauthenticationThreshold,
        sasl: mskIamMechanism(requireSetting(settings, "AWS_REGION"), credentials),
      };
  }
}
