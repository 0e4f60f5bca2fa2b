import type { AwsCredentials, AwsCredentialsProvider } from "../aws/credentials.ts";
import { openSigner } from "../aws/signature.ts";

/** ElastiCache accepts no token that is valid for longer. */
const TOKEN_TTL_S = 900;
/** A token that expires sooner is replaced: it still has to reach the server, whose clock may be ahead. */
const REMAINING_MIN_MS = 60_000;

export interface CacheUser {
  /** The name of the replication group or of the serverless cache, not its host name. */
  cacheName: string;
  /** The user's ID, which must be the same as its name. */
  user: string;
  serverless: boolean;
}

/**
 * Passwords for Redis and Valkey on ElastiCache, by IAM.
 *
 * A password is a presigned URL without its scheme, `CACHE/?Action=connect&User=USER&…`. The server checks it when the
 * connection authenticates; the connection then lives for up to 12 hours. Since many clients reconnect at once, a token is
 * reused until shortly before its end. It expires with the key that signed it, if that is sooner.
 */
export function elastiCachePassword(
  user: CacheUser,
  region: string,
  credentials: AwsCredentialsProvider,
  now: () => number = Date.now,
): () => Promise<string> {
  let kept: { token: string; endsAtMs: number } | undefined;
  return async () => {
    if (kept && now() < kept.endsAtMs - REMAINING_MIN_MS) return kept.token;
    const key = await credentials();
    const expiresInS = Math.min(TOKEN_TTL_S, remainingS(key, now()));
    kept = { token: await presign(user, region, key, expiresInS, now()), endsAtMs: now() + expiresInS * 1_000 };
    return kept.token;
  };
}

function remainingS({ expiration }: AwsCredentials, nowMs: number): number {
  return expiration ? Math.max(1, Math.floor((expiration.getTime() - nowMs) / 1_000)) : TOKEN_TTL_S;
}

async function presign(
  { cacheName, user, serverless }: CacheUser,
  region: string,
  credentials: AwsCredentials,
  expiresIn: number,
  nowMs: number,
): Promise<string> {
  const hostname = cacheName.toLowerCase();
  const signer = await openSigner("elasticache", region, credentials);
  const request = {
    method: "GET",
    protocol: "http:",
    hostname,
    path: "/",
    headers: { host: hostname },
    query: { Action: "connect", User: user, ...(serverless && { ResourceType: "ServerlessCache" }) },
  };
  const { query } = await signer.presign(request, { expiresIn, signingDate: new Date(nowMs) });
  const pairs = Object.entries(query ?? {}).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return `${hostname}/?${pairs.join("&")}`;
}
