// Writes what the code knows better than a person: the README's table of variables, .env.example, what Compose passes on,
// which variables the chart takes, docs/api.md, the tables of docs/logs.md and docs/monitoring.md, the policies and
// verdicts of docs/aws.md, the events' schemas, and the dashboards for Grafana.
//   npm run docs              writes them
//   npm run docs -- --check   fails when one of them is out of date
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { apiConfig } from "../packages/api/src/config.ts";
import { embedConfig } from "../packages/embed/src/config.ts";
import { createSchema, definitions, formatNames } from "../packages/events/src/index.ts";
import { ingestConfig } from "../packages/ingest/src/config.ts";
import { toGrafana } from "../packages/monitoring/src/dashboards/grafana.ts";
import { dashboards } from "../packages/monitoring/src/dashboards/index.ts";
import {
  actions,
  describeVariables,
  metricDefinitions,
  type VariableDescription,
} from "../packages/shared/src/index.ts";
import { sinkConfig } from "../packages/sink/src/config.ts";
import { apiPage } from "./api-docs.ts";
import { awsPolicies, awsVerdicts } from "./aws-docs.ts";

const root = resolve(import.meta.dirname, "..");
const processes = { ingest: ingestConfig, embed: embedConfig, sink: sinkConfig, api: apiConfig };

/** The image sets the port, and a container listens on every address of its own. */
const decidedByCompose = new Set(["PORT", "HOST"]);

interface SharedVariable extends VariableDescription {
  processes: string[];
}

const variables = collectVariables();
const written = {
  ".env.example": environmentExample(),
  "README.md": between(read("README.md"), "variables", variableTable()),
  "deploy/compose/variables.yml": composeVariables(),
  "deploy/helm/millrace/values.schema.json": chartSchema(),
  "docs/aws.md": between(between(read("docs/aws.md"), "policies", awsPolicies()), "verdicts", awsVerdicts()),
  "docs/logs.md": between(read("docs/logs.md"), "actions", actionTable()),
  "docs/api.md": await apiPage(),
  "docs/monitoring.md": between(read("docs/monitoring.md"), "metrics", metricTable()),
  ...dashboardFiles(),
  ...schemaFiles(),
};

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const stale = Object.entries(written).filter(([file, text]) => read(file) !== text);
if (values.check && stale.length > 0) {
  process.stderr.write(
    `Out of date: ${stale.map(([file]) => file).join(", ")}. Run npm run docs and commit the result.\n`,
  );
  process.exit(1);
}
for (const [file, text] of stale) writeFileSync(join(root, file), text);

/** Each variable once, with the processes that read it; PORT has a default of its own in each. */
function collectVariables(): SharedVariable[] {
  const byName = new Map<string, SharedVariable>();
  for (const [process, schema] of Object.entries(processes)) {
    for (const variable of describeVariables(schema)) {
      const known = byName.get(variable.name);
      if (!known) byName.set(variable.name, { ...variable, processes: [process] });
      else {
        known.processes.push(process);
        if (known.defaultValue !== variable.defaultValue) known.defaultValue += `, ${variable.defaultValue}`;
      }
    }
  }
  return [...byName.values()];
}

function variableTable(): string {
  const rows = variables.map(({ name, description, defaultValue, required, secret, processes: readers }) => {
    const given = required ? "**required**" : defaultValue === undefined ? "" : `\`${defaultValue}\``;
    const who = readers.length === Object.keys(processes).length ? "all" : readers.join(", ");
    return `| \`${name}\` | ${who} | ${given} | ${description.replaceAll("|", "\\|")}${secret ? " *(secret)*" : ""} |`;
  });
  return ["| variable | read by | default | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function environmentExample(): string {
  const lines = variables.flatMap(({ name, description, defaultValue, required, processes: readers }) => [
    `# ${description} (${readers.join(", ")})`,
    required ? `${name}=` : `# ${name}=${name === "PORT" ? "" : (defaultValue ?? "")}`,
    "",
  ]);
  return ["# Every variable that a process reads, with its default. Made by npm run docs.", "", ...lines].join("\n");
}

/** A variable without a value is taken from .env where that has it, and given to the processes that read it alone. */
function composeVariables(): string {
  const services = Object.keys(processes).flatMap((process) => {
    const names = variables.filter(
      ({ name, processes: readers }) => !decidedByCompose.has(name) && readers.includes(process),
    );
    return [`  ${process}:`, "    environment:", ...names.map(({ name }) => `      ${name}:`)];
  });
  return ["# What each process takes from .env. Made by npm run docs.", "services:", ...services, ""].join("\n");
}

/** The chart refuses a variable that no process reads: a mistyped one would be ignored in silence. */
function chartSchema(): string {
  const schema = JSON.parse(read("deploy/helm/millrace/values.schema.json"));
  schema.$defs.variable.anyOf[0].enum = variables.map(({ name }) => name);
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

function actionTable(): string {
  const rows = Object.entries(actions).map(([action, meaning]) => `| \`${action}\` | ${meaning} |`);
  return ["| action | meaning |", "| --- | --- |", ...rows].join("\n");
}

function metricTable(): string {
  const rows = Object.entries(metricDefinitions).map(([name, { type, labels, processes: readers, help }]) => {
    const who = readers.length === Object.keys(processes).length ? "all" : readers.join(", ");
    return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${who} | ${help} |`;
  });
  return ["| metric | type | labels | processes | meaning |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}

/** Committed, because Grafana imports files, and whoever does that need not have Node. */
function dashboardFiles(): Record<string, string> {
  return Object.fromEntries(
    dashboards.map((dashboard) => [
      `deploy/monitoring/dashboards/${dashboard.name}.json`,
      `${JSON.stringify(toGrafana(dashboard), undefined, 2)}\n`,
    ]),
  );
}

/** For those who read and write events in other languages. */
function schemaFiles(): Record<string, string> {
  const files = definitions.flatMap((definition) => formatNames.map((format) => createSchema(definition, format)));
  return Object.fromEntries(
    files.map(({ fileName, text }) => {
      const shown = text.startsWith("{") ? `${JSON.stringify(JSON.parse(text), undefined, 2)}\n` : text;
      return [`packages/events/schemas/${fileName}`, shown];
    }),
  );
}

function between(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`the markers ${begin} and ${end} are missing`);
  return `${text.slice(0, start + begin.length)}\n${content}\n${text.slice(stop)}`;
}

function read(file: string): string {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
