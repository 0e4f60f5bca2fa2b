import { requireSetting } from "@millrace/shared";
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";
import { HttpProblem } from "../problem.ts";
import { type AuthSettings, authModeOf } from "./settings.ts";

export const scopes = ["events:write", "events:read", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** Who asks, and what they may. */
export interface Caller {
  /** The token's `sub`; absent where authentication is off. */
  subject: string | undefined;
  expiresAtMs: number | undefined;
  /** `admin` may do what the other scopes may. */
  may(scope: Scope): boolean;
}

/** @param token of `Authorization: Bearer`, or of a WebSocket's handshake. Throws the 401 (or 503) as an `HttpProblem`. */
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
      // A public key is no secret: with HS256 in this list, whoever has it could sign with it.
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
    if (!isTokensFault(error)) throw new HttpProblem("unavailable", "cannot fetch the identity provider's keys");
    throw unauthenticated(`invalid token: ${reasonOf(error)}`, 'error="invalid_token"');
  }
}

/** Scopes as RFC 8693 has them: one claim, separated by spaces. */
function callerOf({ sub, exp, scope }: JWTPayload): Caller {
  const granted = new Set(typeof scope === "string" ? scope.split(" ") : []);
  return {
    subject: sub,
    expiresAtMs: (exp ?? 0) * 1_000,
    may: (wanted) => granted.has(wanted) || granted.has("admin"),
  };
}

/** What is no fault of the token itself is one of the identity provider: its keys did not come, or are none. */
function isTokensFault(error: unknown): error is errors.JOSEError {
  if (!(error instanceof errors.JOSEError)) return false;
  return !(
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.code === "ERR_JOSE_GENERIC"
  );
}

/** Never the token, nor what it claims. */
function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the claim ${error.claim} is missing or has an unexpected value`;
  if (error instanceof errors.JWKSNoMatchingKey) return "the identity provider has no such signing key";
  return error.message;
}

/** RFC 6750: the scheme, and with a token that is refused the error. */
export function unauthenticated(detail: string, challenge?: string): HttpProblem {
  const header = `Bearer realm="millrace"${challenge ? `, ${challenge}` : ""}`;
  return new HttpProblem("unauthenticated", detail, {}, { "www-authenticate": header });
}

export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.may(scope)) return;
  const challenge = `Bearer realm="millrace", error="insufficient_scope", scope="${scope}"`;
  throw new HttpProblem("forbidden", `the token lacks the scope ${scope}`, {}, { "www-authenticate": challenge });
}
