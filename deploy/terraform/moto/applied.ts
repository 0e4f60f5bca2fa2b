// Which resources of which module a state holds, a line each: node applied.ts STATE_OF_BOOTSTRAP STATE_OF_MODULES
import { readFileSync } from "node:fs";

const [, , bootstrap = "", modules = ""] = process.argv;
const applied = new Map<string, Set<string>>();

function add(folder: string, address: string): void {
  applied.set(folder, (applied.get(folder) ?? new Set()).add(address));
}

for (const line of readFileSync(bootstrap, "utf8").split("\n")) {
  const [address] = /^aws_\w+\.\w+/.exec(line) ?? [];
  if (address !== undefined) add("bootstrap", address);
}
for (const line of readFileSync(modules, "utf8").split("\n")) {
  const [, name, address] = /^module\.(\w+)(?:\[.*?\])?\.(aws_\w+\.\w+)/.exec(line) ?? [];
  if (name !== undefined && address !== undefined) add(`modules/${name.replaceAll("_", "-")}`, address);
}
for (const [folder, addresses] of [...applied].toSorted(([one], [other]) => one.localeCompare(other))) {
  for (const address of [...addresses].sort()) console.log(`${folder} ${address}`);
}
