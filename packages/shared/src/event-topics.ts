import { z } from "zod";
import { variable } from "./config.ts";

/** The topics of events, for each process that publishes or reads them. */
export const eventTopicSettings = {
  EVENTS_TOPIC_PATTERN: z
    .string()
    .default("[a-zA-Z0-9][a-zA-Z0-9._-]{0,199}")
    .refine(isRegularExpression, { error: "not a regular expression" })
    .meta({
      description:
        "Regular expression for the full names of the topics that /api/v1 writes, reads and creates; the stages' internal topics and EVENTS_DLQ_TOPIC are always excluded.",
    }),
  EVENTS_DLQ_TOPIC: variable.topic().default("millrace.events.dlq").meta({
    description: "Dead-letter topic for events that could not be delivered, as DLQMessage in JSON.",
  }),
};

export type EventTopicSettings = z.output<z.ZodObject<typeof eventTopicSettings>>;

/** How callers of /api/v1 authenticate. Without either variable, it serves loopback only. */
export const tokenSettings = {
  AUTH_JWKS_URL: variable.url().optional().meta({
    description: "JWKS URL of the identity provider that signs the tokens (RS256, ES256).",
  }),
  AUTH_HS256_SECRET: z
    .string()
    .min(32, { error: "shorter than the 32 bytes of HS256" })
    .optional()
    .meta({ description: "Secret of HS256 tokens, instead of AUTH_JWKS_URL, for development.", secret: true }),
};

export type TokenSettings = z.output<z.ZodObject<typeof tokenSettings>>;

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** A leading run of characters that match only themselves, exactly once, and that a topic's name may contain. */
const LITERAL = /^(?:(?:[\w-]|\\[.-])(?![*+?{]))*/;

/**
 * The names that an expression matches, in the form that policies take: a full name, or a prefix followed by `*`. A
 * prefix may cover more names than the expression matches, since policies know no other pattern.
 */
export function namesMatching(expression: string): string[] {
  const names = alternativesOf(expression).map((alternative) => {
    const [literal = ""] = LITERAL.exec(alternative) ?? [];
    return literal.replaceAll("\\", "") + (literal === alternative ? "" : "*");
  });
  return names.filter((name) => name !== "");
}

/** Splits at each `|` outside of groups and character classes. */
function alternativesOf(expression: string): string[] {
  const alternatives = [""];
  let [groups, isClass] = [0, false];
  for (const [token] of expression.matchAll(/\\.|./gs)) {
    if (token === "[" || token === "]") isClass = token === "[";
    if (!isClass && token === "(") groups++;
    if (!isClass && token === ")") groups--;
    if (token === "|" && groups === 0 && !isClass) alternatives.push("");
    else alternatives.push(`${alternatives.pop()}${token}`);
  }
  return alternatives;
}
