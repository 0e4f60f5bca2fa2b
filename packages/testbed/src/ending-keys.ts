import type { KnownKey } from "./verifiers/signature-v4.ts";

/** As the AWS SDK gives them. */
interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

/** A provider whose every answer is another key that ends after a while; `known` tells the server of each. */
export function endingKeys(lifetimeMs: number, known: KnownKey[]): () => Promise<Credentials> {
  return async () => {
    const expiresAtMs = Date.now() + lifetimeMs;
    const number = known.length;
    const issued = {
      accessKeyId: `ASIA${number}`,
      secretAccessKey: `secret-${number}`,
      sessionToken: `token-${number}`,
    };
    known.push({ ...issued, expiresAtMs });
    return { ...issued, expiration: new Date(expiresAtMs) };
  };
}

/** Ends keys for the server at this moment, whatever their client takes them for: all but so many of the last. */
export function endKeys(known: readonly KnownKey[], kept = 0): void {
  for (const key of known.slice(0, known.length - kept)) key.expiresAtMs = 0;
}
