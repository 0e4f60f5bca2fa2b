// Generates the documentation that the code determines: docs/configuration.md, .env.example, the variables that Compose
// passes on and that the chart accepts, docs/api.md, the tables of docs/logs.md and docs/monitoring.md, the policies and
// verdicts of docs/aws.md, the events' schemas, and the Grafana dashboards.
//   npm run docs              writes them
//   npm run docs -- --check   fails if one of them is out of date
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createSchema, definitions, formatNames } from "../packages/events/src/index.ts";
import { toGrafana } from "../packages/monitoring/src/dashboards/grafana.ts";
import { dashboards } from "../packages/monitoring/src/dashboards/index.ts";
import { actions, metricDefinitions } from "../packages/shared/src/index.ts";
import { apiPage } from "./api-docs.ts";
import { awsPolicies, awsVerdicts } from "./aws-docs.ts";
import { configurationPage, environmentExample, type ProcessName, processes, variables } from "./variables.ts";

const root = resolve(import.meta.dirname, "..");

/** The image sets the port; a container listens on all of its addresses. */
const decidedByCompose = new Set(["PORT", "HOST"]);

const written = {
  ".env.example": environmentExample(),
  "deploy/compose/variables.yml": composeVariables(),
  "deploy/helm/millrace/values.schema.json": chartSchema(),
  "docs/aws.md": between(between(read("docs/aws.md"), "policies", awsPolicies()), "verdicts", awsVerdicts()),
  "docs/logs.md": between(read("docs/logs.md"), "actions", actionTable()),
  "docs/api.md": await apiPage(),
  "docs/configuration.md": configurationPage(),
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

/** A variable without a value comes from .env, if it is there; each process gets only those that it reads. */
function composeVariables(): string {
  const services = (Object.keys(processes) as ProcessName[]).flatMap((process) => {
    const names = variables.filter(({ name, readers }) => !decidedByCompose.has(name) && readers.includes(process));
    return [`  ${process}:`, "    environment:", ...names.map(({ name }) => `      ${name}:`)];
  });
  return ["# What each process takes from .env. Made by npm run docs.", "services:", ...services, ""].join("\n");
}

/** The chart refuses a variable that no process reads, since a mistyped one would be ignored silently. */
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

/** Committed, so that they can be imported into Grafana without Node. */
function dashboardFiles(): Record<string, string> {
  return Object.fromEntries(
    dashboards.map((dashboard) => [
      `deploy/monitoring/dashboards/${dashboard.name}.json`,
      `${JSON.stringify(toGrafana(dashboard), undefined, 2)}\n`,
    ]),
  );
}

/** Committed for readers and writers of events in other languages. */
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
