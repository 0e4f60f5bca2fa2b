import type { AwsCredentialsProvider } from "@millrace/connections";
import kafkajs, { type Mechanism } from "kafkajs";

/**
 * A token for one authentication to MSK.
 *
 * It is the URL-safe base64 of a presigned URL, `https://kafka.REGION.amazonaws.com/?Action=kafka-cluster:Connect&…`,
 * which is never requested: the broker parses it and asks IAM whether the signature is valid. It is valid for 15 minutes, or
 * until the key that signed it expires. It is signed on this machine, so a fresh one costs only a few hashes. (The published
 * signer writes the rest of a key's lifetime with a fraction of a second, which Signature Version 4 does not allow, so every
 * token of a key's last 15 minutes would be invalid: `patches/` rounds it down.)
 */
export async function mskIamToken(region: string, credentials: AwsCredentialsProvider): Promise<string> {
  // The signer loads SDK clients and takes 29 MB of memory: only a process that connects by IAM loads it.
  const { default: msk } = await import("aws-msk-iam-sasl-signer-js");
  const { token } = await msk.generateAuthTokenFromCredentialsProvider({ region, awsCredentialsProvider: credentials });
  return token;
}

/**
 * SASL/OAUTHBEARER (RFC 7628) with MSK's tokens, as a mechanism for kafkajs.
 *
 * kafkajs calls `authenticate` for each new connection, and again before the session that the broker granted ends
 * (KIP-368). Each call gets a fresh token; none is kept.
 *
 * kafkajs has its own OAUTHBEARER, which ignores the broker's answer. A broker refuses a token by a challenge with a JSON
 * status, in a response whose error code is 0. kafkajs takes that for success: `connect()` resolves, and the next request
 * fails with "No brokers in the broker pool". This mechanism reads the challenge and throws.
 */
export function mskIamMechanism(region: string, credentials: AwsCredentialsProvider): Mechanism {
  return {
    mechanism: "oauthbearer",
    authenticationProvider: ({ host, port, saslAuthenticate }) => ({
      async authenticate() {
        const token = await tokenFor(`${host}:${port}`, region, credentials);
        const challenge = await saslAuthenticate({
          request: { encode: () => withLength(firstMessage(token)) },
          response: { decode: withoutLength, parse: (bytes) => bytes.toString("utf8") },
        });
        if (challenge) throw refused(`${host}:${port}`, challenge);
      },
    }),
  };
}

/** Its error leaves out the SDK's details: a key that failed to sign must not appear in a log. */
async function tokenFor(broker: string, region: string, credentials: AwsCredentialsProvider): Promise<string> {
  try {
    return await mskIamToken(region, credentials);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new kafkajs.KafkaJSNonRetriableError(`no AWS credentials to authenticate to ${broker} with: ${reason}`);
  }
}

function refused(broker: string, challenge: string): Error {
  return new kafkajs.KafkaJSNonRetriableError(
    `broker ${broker} refused the IAM token (${statusOf(challenge)}): the role lacks kafka-cluster:Connect, or the ` +
      "key, region or clock is wrong",
  );
}

/** RFC 7628, 3.2.2: `{"status": "access_denied", …}`. No other part of the challenge is repeated. */
function statusOf(challenge: string): string {
  return /"status"\s*:\s*"(\w{1,50})"/.exec(challenge)?.[1] ?? "no status";
}

/** RFC 7628, 3.1: a GS2 header without an authorization identity, then key-value pairs, each ended by a control-A. */
function firstMessage(token: string): Buffer {
  return Buffer.from(`n,,\u0001auth=Bearer ${token}\u0001\u0001`);
}

/** Kafka's BYTES: a length of four bytes before the content. */
function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function withoutLength(bytes: Buffer): Buffer {
  return bytes.subarray(4);
}
