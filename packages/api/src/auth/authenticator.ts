import { requireSetting } from "@millrace/shared";
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";
import { HttpProblem } from "../problem.ts";
import { type AuthSettings, authModeOf } from "./settings.ts";

export const scopes = ["events:write", "events:read", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** The authenticated caller and its permissions. */
export interface Caller {
  /** The token's `sub`; undefined if authentication is off. */
  subject: string | undefined;
  expiresAtMs: number | undefined;
  /** `admin` includes all other scopes. */
  may(scope: Scope): boolean;
}

/** @param token from the Authorization header or a WebSocket's handshake. Throws an `HttpProblem` (401, or 503). */
export type Authenticate = (token: string | undefined) => Promise<Caller>;

const anyone: Caller = { subject: undefined, expiresAtMs: undefined, may: () => true };

export function createAuthenticator(settings: AuthSettings & { HOST: string }): Authenticate {
  switch (authModeOf(settings)) {
    case "off":
      return async () => anyone;
    case "closed":
      return () =>
        Promise.reject(
          unauthenticated("authentication is not configured: set AUTH_JWKS_URL, or bind HOST to loopback"),
        );
    case "jwks": {
      const keys = createRemoteJWKSet(new URL(requireSetting(settings, "AUTH_JWKS_URL")), {
        cooldownDuration: settings.AUTH_JWKS_COOLDOWN_MS,
        cacheMaxAge: settings.AUTH_JWKS_MAX_AGE_MS,
      });
      // Excludes HS256: it would accept tokens signed with the public key as their secret.
      const options = { ...claimsOf(settings), algorithms: ["RS256", "ES256"] };
      return (token) => verified(token, (given) => jwtVerify(given, keys, options));
    }
    case "hs256": {
      const secret = new TextEncoder().encode(requireSetting(settings, "AUTH_HS256_SECRET"));
      const options = { ...claimsOf(settings), algorithms: ["HS256"] };
      return (token) => verified(token, (given) => jwtVerify(given, secret, options));
    }
  }
}

function claimsOf(settings: AuthSettings): JWTVerifyOptions {
  return {
    issuer: requireSetting(settings, "AUTH_ISSUER"),
    audience: requireSetting(settings, "AUTH_AUDIENCE"),
    clockTolerance: settings.AUTH_CLOCK_TOLERANCE_S,
    requiredClaims: ["sub", "exp"],
  };
}

async function verified(
  token: string | undefined,
  verify: (token: string) => Promise<{ payload: JWTPayload }>,
): Promise<Caller> {
  if (token === undefined) throw unauthenticated("send a token in the Authorization header: Bearer <token>");
  try {
    return callerOf((await verify(token)).payload);
  } catch (error) {
    if (!isTokenFault(error)) throw new HttpProblem("unavailable", "cannot fetch the identity provider's keys");
    throw unauthenticated(`invalid token: ${reasonOf(error)}`, 'error="invalid_token"');
  }
}

/** Reads scopes as in RFC 8693: one claim, separated by spaces. */
function callerOf({ sub, exp, scope }: JWTPayload): Caller {
  const granted = new Set(typeof scope === "string" ? scope.split(" ") : []);
  return {
    subject: sub,
    expiresAtMs: (exp ?? 0) * 1_000,
    may: (wanted) => granted.has(wanted) || granted.has("admin"),
  };
}

/** False for failures of the identity provider: its keys could not be fetched or are invalid. */
function isTokenFault(error: unknown): error is errors.JOSEError {
  if (!(error instanceof errors.JOSEError)) return false;
  return !(
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.code === "ERR_JOSE_GENERIC"
  );
}

/** Never contains the token or its claims' values. */
function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the claim ${error.claim} is missing or has an unexpected value`;
  if (error instanceof errors.JWKSNoMatchingKey) return "the identity provider has no such signing key";
  return error.message;
}

/** The challenge of RFC 6750: the scheme, and the error for an invalid token. */
export function unauthenticated(detail: string, challenge?: string): HttpProblem {
  const header = `Bearer realm="millrace"${challenge ? `, ${challenge}` : ""}`;
  return new HttpProblem("unauthenticated", detail, {}, { "www-authenticate": header });
}

export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.may(scope)) return;
  const challenge = `Bearer realm="millrace", error="insufficient_scope", scope="${scope}"`;
  throw new HttpProblem("forbidden", `the token lacks the scope ${scope}`, {}, { "www-authenticate": challenge });
}
