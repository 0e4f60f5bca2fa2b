// Top-level blocks of Terraform files. `terraform fmt` puts their first and last lines at the margin, and the check
// asks for that, so no parser is needed.
import { readdirSync, readFileSync } from "node:fs";

export interface Block {
  kind: string;
  labels: string[];
  body: string;
  file: string;
}

export const root = new URL("./", import.meta.url);

export function blocksOf(folder: string): Block[] {
  const files = readdirSync(new URL(folder, root)).filter((file) => file.endsWith(".tf"));
  return files.toSorted().flatMap((file) => blocksIn(readFileSync(new URL(`${folder}/${file}`, root), "utf8"), file));
}

function blocksIn(text: string, file: string): Block[] {
  const pattern = /^(\w+)((?: "[^"]+")*) \{(?:\n([\s\S]*?)\n\}|\})$/gm;
  return [...text.matchAll(pattern)].map(([, kind = "", labels = "", body = ""]) => ({
    kind,
    labels: [...labels.matchAll(/"([^"]+)"/g)].map(([, label = ""]) => label),
    body,
    file,
  }));
}

/** An argument of the block itself, not of one within it: the rest of its line, or of its brackets. */
export function argument(body: string, name: string): string | undefined {
  const match = new RegExp(`^ {2}${name} += (.*(?:\\n(?: {3,}.*|\\s*|  [)}\\]].*))*)`, "m").exec(body);
  return match?.[1]?.trimEnd();
}

export function moduleNames(): string[] {
  return readdirSync(new URL("modules/", root)).toSorted();
}

/** Folders with resources: bootstrap and the modules. */
export function folders(): string[] {
  return ["bootstrap", ...moduleNames().map((name) => `modules/${name}`)];
}
