import { z } from "zod";

/** The configuration of one process: environment variable → schema with a description. */
export type Settings = z.ZodObject<z.ZodRawShape>;

/** All that is wrong with a configuration at once, a line each. Never quotes a value: it may be a secret. */
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

/** Reads a process's configuration; an empty variable counts as absent, as Compose and Helm write it so. */
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

/** A setting that a schema can't require by itself, since others make it so; `checkIdentity` names it before. */
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
  // What depends on other variables says why this one is needed.
  const reason = issue.code === "custom" ? `: ${issue.message}` : "";
  if (!(name in given)) return `${name} is missing${reason}. ${description}`;
  return `${name} is refused: ${issue.message}. ${description}`;
}

export interface VariableDescription {
  name: string;
  description: string;
  /** As it would be written in the environment; absent where the variable is required or has no default. */
  defaultValue?: string;
  required: boolean;
  secret: boolean;
}

/** What the README's table and `.env.example` are made from. */
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

/** A variable with the description that the documentation gives of it. */
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

/** A number that is out of bounds is told the bound. */
const number = z.coerce.number({ error: ({ code }) => (code === "invalid_type" ? "not a number" : undefined) });

/** The kinds of values that variables have. */
export const variable = {
  integer: (minimum: number, maximum: number) => number.int().min(minimum).max(maximum),
  flag: () => z.stringbool({ error: "neither true nor false" }),
  dollars: () => number.positive().max(1_000_000),
  hostPorts: () => list(/^[^\s:]+:\d{1,5}$/, "host:port"),
  topic: () =>
    z.string().regex(/^[a-zA-Z0-9._-]{1,249}$/, { error: "a topic has letters, digits, '.', '_' and '-' only" }),
  topics: () => list(/^[a-zA-Z0-9._-]{1,249}$/, "a topic's name"),
  url: () => z.url({ protocol: /^https?$/, error: "not an http(s) URL" }).transform((url) => url.replace(/\/+$/, "")),
};
