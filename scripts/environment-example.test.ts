import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { readConfiguration } from "../packages/shared/src/index.ts";
import { type ProcessName, processes, variables } from "./variables.ts";

const text = readFileSync(join(import.meta.dirname, "..", ".env.example"), "utf8");
const commented = /^# (?=[A-Z][A-Z0-9_]*=)/;
const lines = text.split("\n").filter((line) => commented.test(line));
const names = Object.keys(processes) as ProcessName[];

function configurationsWith(environment: string) {
  return names.map((name) => readConfiguration(processes[name], parseEnv(environment)));
}

test("has every variable once", () => {
  const all = [...text.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name);
  expect(all.toSorted()).toEqual(variables.map(({ name }) => name).toSorted());
});

test("starts every process unmodified, with the defaults", () => {
  const required = variables.filter((each) => each.required).map(({ name }) => name);
  const given = Object.entries(parseEnv(text));
  expect(given.map(([name]) => name).toSorted()).toEqual(required.toSorted());
  expect(configurationsWith(text)).toHaveLength(names.length);
});

test.each(lines)("changes nothing when uncommented: %s", (line) => {
  const [name = ""] = line.replace(commented, "").split("=");
  const environment = text.replace(line, line.replace(commented, ""));
  expect(Object.keys(parseEnv(environment))).toContain(name);
  expect(configurationsWith(environment)).toEqual(configurationsWith(text));
});

test("changes nothing when every line is uncommented", () => {
  const environment = text.replaceAll(new RegExp(commented, "gm"), "");
  expect(Object.keys(parseEnv(environment))).toHaveLength(variables.length);
  expect(configurationsWith(environment)).toEqual(configurationsWith(text));
});
