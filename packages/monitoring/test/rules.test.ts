import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { findPrograms } from "../src/prometheus/programs.ts";
import { monitoringDirectory } from "../src/scrape.ts";
import { alertRules, readRules } from "./rule-files.ts";

const { promtool } = await findPrograms();
const run = promisify(execFile);
const alerts = await alertRules();

test("Prometheus accepts the rules and the configuration", async () => {
  const { stdout } = await run(promtool, ["check", "config", join(monitoringDirectory, "prometheus.yml")]);
  expect(stdout).toContain("2 rule files found");
});

test("Prometheus accepts the configuration for Kubernetes, as far as Debian's build can read it", async () => {
  const file = join(monitoringDirectory, "prometheus-kubernetes.yml");
  const configuration = parse(await readFile(file, "utf8"));
  // Debian builds Prometheus without Kubernetes discovery.
  for (const scrape of configuration.scrape_configs) {
    expect(scrape.kubernetes_sd_configs).toEqual([
      { role: "pod", selectors: [{ role: "pod", label: "app.kubernetes.io/part-of=millrace" }] },
    ]);
    delete scrape.kubernetes_sd_configs;
  }
  configuration.rule_files = [];
  const directory = await mkdtemp(join(tmpdir(), "millrace-rules-"));
  const copy = join(directory, "prometheus.yml");
  await writeFile(copy, stringify(configuration));
  await run(promtool, ["check", "config", copy]);
  await rm(directory, { recursive: true });
});

test("the alerts fire when they should, and not earlier", async () => {
  const { stdout } = await run(promtool, ["test", "rules", join(monitoringDirectory, "rules", "alerts.test.yml")]);
  expect(stdout).toContain("SUCCESS");
});

test("a unit test with a wrong expectation fails", async () => {
  const tests = await readFile(join(monitoringDirectory, "rules", "alerts.test.yml"), "utf8");
  const directory = await mkdtemp(join(tmpdir(), "millrace-rules-"));
  for (const name of ["alerts.yml", "recording.yml"]) {
    const rules = await readFile(join(monitoringDirectory, "rules", name), "utf8");
    await writeFile(join(directory, name), rules.replace("> 10000", "> 99999"));
  }
  await writeFile(join(directory, "alerts.test.yml"), tests);
  await expect(run(promtool, ["test", "rules", join(directory, "alerts.test.yml")])).rejects.toThrow("MillraceLagHigh");
  await rm(directory, { recursive: true });
});

test.each(alerts.map((rule) => [rule.alert, rule]))(
  "%s has a unit test and a section with its remedy",
  async (name, rule) => {
    const tests = parse(await readFile(join(monitoringDirectory, "rules", "alerts.test.yml"), "utf8"));
    const tested = tests.tests.flatMap(({ alert_rule_test }: { alert_rule_test: { alertname: string }[] }) =>
      alert_rule_test.map(({ alertname }) => alertname),
    );
    expect(tested).toContain(name);
    expect(rule.annotations.summary).toBeTruthy();
    expect(rule.annotations.description).toBeTruthy();
    expect(rule.annotations.runbook_url).toBe(`docs/operations.md#${name.toLowerCase()}`);
    const operations = await readFile(join(monitoringDirectory, "../../docs/operations.md"), "utf8");
    expect(operations.split("\n")).toContain(`### ${name}`);
  },
);

test("operations.md has no section of a removed alert", async () => {
  const operations = await readFile(join(monitoringDirectory, "../../docs/operations.md"), "utf8");
  const sections = [...operations.matchAll(/^### (Millrace\w+)$/gm)].map(([, name]) => name);
  expect(sections.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
  expect((await readRules()).length).toBeGreaterThan(alerts.length);
});
