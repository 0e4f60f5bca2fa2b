import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { monitoringDirectory } from "../src/scrape.ts";

const alertSchema = z.object({
  alert: z.string(),
  expr: z.string(),
  annotations: z.object({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
});
const recordSchema = z.object({ record: z.string(), expr: z.string() });
const fileSchema = z.object({ groups: z.array(z.object({ rules: z.array(z.union([alertSchema, recordSchema])) })) });
type Rule = z.output<typeof fileSchema>["groups"][number]["rules"][number];

/** All deployed rules. */
export async function readRules(): Promise<Rule[]> {
  const files = ["recording.yml", "alerts.yml"].map(async (name) => {
    const { groups } = fileSchema.parse(parse(await readFile(join(monitoringDirectory, "rules", name), "utf8")));
    return groups.flatMap(({ rules }) => rules);
  });
  return (await Promise.all(files)).flat();
}

export async function alertRules() {
  return (await readRules()).flatMap((rule) => ("alert" in rule ? [rule] : []));
}
