import type { KnownKey } from "./verifiers/signature-v4.ts";

/** Credentials as the AWS SDK returns them. */
interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

/** A provider that returns a new key each time, which expires after a while; `known` tells the server each key. */
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

/** Expires all but the last few keys for the server now, whatever their client believes. */
export function endKeys(known: readonly KnownKey[], kept = 0): void {
  for (const key of known.slice(0, known.length - kept)) key.expiresAtMs = 0;
}
