import { isIPv4 } from "node:net";
import { type Log, tokenSettings, variable } from "@millrace/shared";
import { z } from "zod";

/** How the callers of /api/v1 prove who they are. */
export const authSettings = {
  ...tokenSettings,
  AUTH_ISSUER: z.string().min(1).optional().meta({ description: "The `iss` of every token; required with either." }),
  AUTH_AUDIENCE: z.string().min(1).optional().meta({ description: "The `aud` of every token; required with either." }),
  AUTH_CLOCK_TOLERANCE_S: variable
    .integer(0, 300)
    .default(5)
    .meta({ description: "By how much the clocks of the identity provider and the api may differ." }),
  AUTH_JWKS_COOLDOWN_MS: variable.integer(0, 3_600_000).default(30_000).meta({
    description: "A token whose key is unknown makes the keys be fetched again, at most this often.",
  }),
  AUTH_JWKS_MAX_AGE_MS: variable.integer(1_000, 86_400_000).default(600_000).meta({
    description: "How long fetched keys are used: a key that was withdrawn is refused by then.",
  }),
  CORS_ORIGINS: z
    .string()
    .transform((value) => value.split(",").flatMap((item) => item.trim() || []))
    .pipe(z.array(z.union([z.literal("*"), z.url({ protocol: /^https?$/, error: "not an origin" })])))
    .optional()
    .meta({ description: "Origins whose pages may call /api/v1, comma-separated, or *; absent: none but its own." }),
  RATE_LIMIT_REQUESTS: variable
    .integer(1, 10_000_000)
    .default(6_000)
    .meta({ description: "Requests to /api/v1 of one token's subject in each RATE_LIMIT_WINDOW_S." }),
  RATE_LIMIT_WINDOW_S: variable.integer(1, 86_400).default(60).meta({ description: "Window of RATE_LIMIT_REQUESTS." }),
};
export type AuthSettings = z.output<z.ZodObject<typeof authSettings>>;

/** Where nobody has to prove anything, `off` on loopback, or `closed` where others could come. */
export type AuthMode = "jwks" | "hs256" | "off" | "closed";

export function authModeOf(settings: AuthSettings & { HOST: string }): AuthMode {
  if (settings.AUTH_JWKS_URL) return "jwks";
  if (settings.AUTH_HS256_SECRET) return "hs256";
  return isLoopback(settings.HOST) ? "off" : "closed";
}

const consequences: Record<AuthMode, string> = {
  jwks: "tokens are checked by the keys of AUTH_JWKS_URL",
  hs256: "tokens are checked by AUTH_HS256_SECRET, which whoever checks them could sign with: for development",
  off: "anyone who reaches this loopback address may publish and read events",
  closed: "/api/v1 refuses everyone: HOST is not on loopback, and neither AUTH_JWKS_URL nor AUTH_HS256_SECRET is set",
};

export function logAuthMode(settings: AuthSettings & { HOST: string }, log: Log): void {
  const mode = authModeOf(settings);
  log.record("api.auth", mode === "closed" ? "retry" : "ok", undefined, { mode, meaning: consequences[mode] });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** For `superRefine`: what is wrong between the variables. */
export function checkAuth(settings: AuthSettings, context: z.RefinementCtx): void {
  const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  const { AUTH_JWKS_URL: jwksUrl, AUTH_HS256_SECRET: secret } = settings;
  // Two ways at once would let whoever has the weaker key in.
  if (jwksUrl && secret) refuse("AUTH_HS256_SECRET", "AUTH_JWKS_URL is set too");
  if (!jwksUrl && !secret) return;
  for (const name of ["AUTH_ISSUER", "AUTH_AUDIENCE"] as const) {
    if (!settings[name]) refuse(name, `${jwksUrl ? "AUTH_JWKS_URL" : "AUTH_HS256_SECRET"} is set`);
  }
}
