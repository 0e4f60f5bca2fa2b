import { z } from "zod";
import { variable } from "./config.ts";

/** Where events lie: for each process that publishes or reads them. */
export const eventTopicSettings = {
  EVENTS_TOPIC_PATTERN: z
    .string()
    .default("[a-zA-Z0-9][a-zA-Z0-9._-]{0,199}")
    .refine(isRegularExpression, { error: "not a regular expression" })
    .meta({
      description:
        "Regular expression of the whole name of the topics that /api/v1 writes, reads and creates; never the ones between the stages nor EVENTS_DLQ_TOPIC.",
    }),
  EVENTS_DLQ_TOPIC: variable.topic().default("millrace.events.dlq").meta({
    description: "Topic of the events that could not be delivered to theirs, as DLQMessage in JSON.",
  }),
};

export type EventTopicSettings = z.output<z.ZodObject<typeof eventTopicSettings>>;

/** How the callers of /api/v1 prove who they are: without either, it serves nobody but on loopback. */
export const tokenSettings = {
  AUTH_JWKS_URL: variable.url().optional().meta({
    description: "Where the identity provider publishes the keys of its tokens (RS256, ES256).",
  }),
  AUTH_HS256_SECRET: z
    .string()
    .min(32, { error: "shorter than the 32 bytes of HS256" })
    .optional()
    .meta({ description: "Instead of AUTH_JWKS_URL, for development: the secret of HS256 tokens.", secret: true }),
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

/** Characters that stand for themselves in an expression and in a topic's name, and are there exactly once. */
const LITERAL = /^(?:(?:[\w-]|\\[.-])(?![*+?{]))*/;

/**
 * The names that an expression matches, as rights are given: each a whole name, or a beginning with `*` after it. There
 * may be more names of that beginning than the expression matches, for rights know no other pattern.
 */
export function namesMatching(expression: string): string[] {
  const names = alternativesOf(expression).map((alternative) => {
    const [literal = ""] = LITERAL.exec(alternative) ?? [];
    return literal.replaceAll("\\", "") + (literal === alternative ? "" : "*");
  });
  return names.filter((name) => name !== "");
}

/** Split at each `|` that is within neither a group nor a class of characters. */
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
