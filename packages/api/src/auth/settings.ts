import { isIPv4 } from "node:net";
import { type Log, tokenSettings, variable } from "@millrace/shared";
import { z } from "zod";

/** Authentication of callers of /api/v1. */
export const authSettings = {
  ...tokenSettings,
  AUTH_ISSUER: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Required `iss` claim of every token; needed with AUTH_JWKS_URL or AUTH_HS256_SECRET." }),
  AUTH_AUDIENCE: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Required `aud` claim of every token; needed with AUTH_JWKS_URL or AUTH_HS256_SECRET." }),
  AUTH_CLOCK_TOLERANCE_S: variable
    .integer(0, 300)
    .default(5)
    .meta({ description: "Allowed clock difference between the identity provider and the api." }),
  AUTH_JWKS_COOLDOWN_MS: variable.integer(0, 3_600_000).default(30_000).meta({
    description: "Minimum time between two fetches of the keys; a token with an unknown key triggers one.",
  }),
  AUTH_JWKS_MAX_AGE_MS: variable.integer(1_000, 86_400_000).default(600_000).meta({
    description: "Maximum age of fetched keys; a revoked key stops working after this time at the latest.",
  }),
  CORS_ORIGINS: z
    .string()
    .transform((value) => value.split(",").flatMap((item) => item.trim() || []))
    .pipe(z.array(z.union([z.literal("*"), z.url({ protocol: /^https?$/, error: "not an origin" })])))
    .optional()
    .meta({
      description:
        "Origins whose pages may call /api/v1, comma-separated, or * for all; by default only the api's own.",
    }),
  RATE_LIMIT_REQUESTS: variable
    .integer(1, 10_000_000)
    .default(6_000)
    .meta({ description: "Maximum requests to /api/v1 per token subject in each RATE_LIMIT_WINDOW_S." }),
  RATE_LIMIT_WINDOW_S: variable
    .integer(1, 86_400)
    .default(60)
    .meta({ description: "Time window of RATE_LIMIT_REQUESTS." }),
};
export type AuthSettings = z.output<z.ZodObject<typeof authSettings>>;

/** Without a configured key: `off` on loopback (no authentication), otherwise `closed` (all requests refused). */
export type AuthMode = "jwks" | "hs256" | "off" | "closed";

export function authModeOf(settings: AuthSettings & { HOST: string }): AuthMode {
  if (settings.AUTH_JWKS_URL) return "jwks";
  if (settings.AUTH_HS256_SECRET) return "hs256";
  return isLoopback(settings.HOST) ? "off" : "closed";
}

const consequences: Record<AuthMode, string> = {
  jwks: "tokens are verified with the keys from AUTH_JWKS_URL",
  hs256:
    "tokens are verified with AUTH_HS256_SECRET, for development only: everyone who can verify a token can also sign one",
  off: "no authentication: every client on this machine may publish and read events",
  closed:
    "/api/v1 refuses all requests: HOST is not a loopback address, and neither AUTH_JWKS_URL nor AUTH_HS256_SECRET is set",
};

export function logAuthMode(settings: AuthSettings & { HOST: string }, log: Log): void {
  const mode = authModeOf(settings);
  log.record("api.auth", mode === "closed" ? "retry" : "ok", undefined, { mode, meaning: consequences[mode] });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** For `superRefine`: checks the variables against each other. */
export function checkAuth(settings: AuthSettings, context: z.RefinementCtx): void {
  const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  const { AUTH_JWKS_URL: jwksUrl, AUTH_HS256_SECRET: secret } = settings;
  // With both set, the weaker key would be enough to get in.
  if (jwksUrl && secret) refuse("AUTH_HS256_SECRET", "conflicts with AUTH_JWKS_URL: set only one of them");
  if (!jwksUrl && !secret) return;
  for (const name of ["AUTH_ISSUER", "AUTH_AUDIENCE"] as const) {
    if (!settings[name]) refuse(name, `required with ${jwksUrl ? "AUTH_JWKS_URL" : "AUTH_HS256_SECRET"}`);
  }
}
