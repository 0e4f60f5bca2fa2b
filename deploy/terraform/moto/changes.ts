// What a second plan would change, but for what moto forgets (forgotten.tsv): node changes.ts PLAN_AS_JSON
import { readFileSync } from "node:fs";

interface Change {
  address: string;
  mode: string;
  change: { actions: string[] };
}

const forgotten = new Set(
  readFileSync(new URL("forgotten.tsv", import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split("\t").slice(0, 2).join(" ")),
);
const plan: { resource_changes: Change[] } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const managed = plan.resource_changes.filter(({ mode }) => mode === "managed");
const changed = managed.filter(({ change }) => change.actions.some((action) => action !== "no-op"));
const unexplained = changed.filter(({ address }) => {
  const [, module = "", resource = ""] = /^module\.(\w+)(?:\[.*?\])?\.(aws_\w+\.\w+)/.exec(address) ?? [];
  return !forgotten.has(`modules/${module.replaceAll("_", "-")} ${resource}`);
});
for (const { address, change } of unexplained) console.log(`${change.actions.join(", ")}: ${address}`);
console.log(`${managed.length - changed.length} of ${managed.length} unchanged, ${changed.length} that moto forgets`);
process.exit(unexplained.length > 0 ? 1 : 0);
