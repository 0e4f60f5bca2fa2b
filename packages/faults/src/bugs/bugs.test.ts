import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { bugNames, bugs } from "./bugs.ts";
import { planted, type Replacement, urlOf } from "./plant.ts";

describe.each(bugNames)("%s", (name) => {
  test.each<Replacement>([...bugs[name].replacements])("changes one place of $file", (replacement) => {
    const source = readFileSync(urlOf(replacement), "utf8");
    expect(planted(source, replacement)).toContain(replacement.replace);
  });
});

test("rejects a planted bug whose text is missing or occurs twice", () => {
  const replacement = { file: "a.ts", find: "one", replace: "two" };
  expect(() => planted("none", { ...replacement, find: "three" })).toThrow(/0 times in a\.ts/);
  expect(() => planted("one one", replacement)).toThrow(/2 times in a\.ts/);
});

test("a process started with a planted bug runs the changed source", async () => {
  const ledger = urlOf({ file: "kafka/src/offset-ledger.ts", find: "", replace: "" }).href;
  const script = `const { OffsetLedger } = await import(${JSON.stringify(ledger)});
    const ledger = new OffsetLedger();
    ledger.finish(ledger.begin(5));
    console.log(ledger.committable);`;
  const run = async (...options: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [...options, "--input-type=module", "-e", script]);
    return stdout.trim();
  };
  const preload = new URL("preload.ts?ledger-off-by-one", import.meta.url).href;
  expect(await run()).toBe("6");
  expect(await run("--import", preload)).toBe("7");
});
