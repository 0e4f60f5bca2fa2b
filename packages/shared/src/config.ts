import { z } from "zod";

/** The configuration of one process: environment variable → schema with a description. */
export type Settings = z.ZodObject<z.ZodRawShape>;

/** Every problem of a configuration, one per line. Never quotes a value: it may be a secret. */
export class ConfigurationError extends Error {
  override name = "ConfigurationError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/** Reads a process's configuration. An empty variable counts as absent, since Compose and Helm write absent ones that way. */
export function readConfiguration<Schema extends Settings>(
  schema: Schema,
  environment: NodeJS.ProcessEnv,
): z.output<Schema> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => {
      const value = environment[name]?.trim();
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigurationError(parsed.error.issues.map((issue) => describeIssue(schema, given, issue)));
}

/** A setting that is required only in combination with others, so its schema can't require it; `checkIdentity` reports it first. */
export function requireSetting<Values extends object, Name extends keyof Values & string>(
  settings: Values,
  name: Name,
): NonNullable<Values[Name]> {
  const value = settings[name];
  if (value === undefined || value === null) throw new ConfigurationError([`${name} is missing.`]);
  return value;
}

function describeIssue(schema: Settings, given: Record<string, string>, issue: z.core.$ZodIssue): string {
  const name = String(issue.path[0] ?? "");
  const description = describeVariable(schema, name)?.description ?? "";
  if (name === "") return issue.message;
  // A rule that spans several variables says why this one is required.
  const reason = issue.code === "custom" ? `: ${issue.message}` : "";
  if (!(name in given)) return `${name} is missing${reason}. ${description}`;
  return `${name} is refused: ${issue.message}. ${description}`;
}

export interface VariableDescription {
  name: string;
  description: string;
  /** As written in the environment; absent if the variable is required or has no default. */
  defaultValue?: string;
  required: boolean;
  secret: boolean;
}

/** The source of docs/configuration.md and `.env.example`. */
export function describeVariables(schema: Settings): VariableDescription[] {
  return Object.keys(schema.shape).flatMap((name) => describeVariable(schema, name) ?? []);
}

function describeVariable(schema: Settings, name: string): VariableDescription | undefined {
  const variable = schema.shape[name] as z.ZodType | undefined;
  if (!variable) return undefined;
  const meta = variable.meta() ?? {};
  const absent = variable.safeParse(undefined);
  const fallback = absent.success ? absent.data : undefined;
  return {
    name,
    description: meta.description ?? "",
    required: !absent.success,
    secret: meta.secret === true,
    ...(fallback !== undefined && { defaultValue: Array.isArray(fallback) ? fallback.join(",") : String(fallback) }),
  };
}

/** Attaches the description that the documentation and error messages show. */
export const described = <Type extends z.ZodType>(type: Type, description: string): Type =>
  type.meta({ description }) as Type;

const list = (pattern: RegExp, form: string) =>
  z
    .string()
    .transform((value) =>
      value
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== ""),
    )
    .pipe(z.array(z.string().regex(pattern, { error: `each item must be ${form}` })).min(1));

/** A non-number is rejected as such; a number out of range keeps zod's message, which names the bound. */
const number = z.coerce.number({ error: ({ code }) => (code === "invalid_type" ? "not a number" : undefined) });

/** The types of variables. */
export const variable = {
  integer: (minimum: number, maximum: number) => number.int().min(minimum).max(maximum),
  flag: () => z.stringbool({ error: "neither true nor false" }),
  dollars: () => number.positive().max(1_000_000),
  hostPorts: () => list(/^[^\s:]+:\d{1,5}$/, "host:port"),
  topic: () =>
    z
      .string()
      .regex(/^[a-zA-Z0-9._-]{1,249}$/, { error: "a topic name may contain only letters, digits, '.', '_' and '-'" }),
  topics: () => list(/^[a-zA-Z0-9._-]{1,249}$/, "a topic name"),
  url: () => z.url({ protocol: /^https?$/, error: "not an http(s) URL" }).transform((url) => url.replace(/\/+$/, "")),
};
