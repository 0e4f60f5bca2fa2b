import { Writable } from "node:stream";
import { createApp } from "../packages/api/src/app.ts";
import { apiConfig } from "../packages/api/src/config.ts";
import { openEdges } from "../packages/api/src/edges.ts";
import { Health, Log, noTracing, processMetrics, readConfiguration } from "../packages/shared/src/index.ts";

interface Schema {
  type?: string | string[];
  enum?: unknown[];
  default?: unknown;
}
interface Content {
  schema?: object;
  example?: unknown;
}
interface Operation {
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Schema }[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, { description: string; content?: Record<string, Content> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, object> };
}

/** docs/api.md, from the document that the api serves. */
export async function apiPage(): Promise<string> {
  const { paths, components } = await servedDocument();
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => describeOperation(method, path, operation)),
  );
  const schemas = Object.entries(components?.schemas ?? {}).map(([name, schema]) => `### ${name}\n\n${json(schema)}`);
  return [
    "# The HTTP interface",
    "Made by `npm run docs` from the OpenAPI document that the api serves at `/openapi.json`; `/docs` shows it in a browser. Limits in it are the defaults.\n" +
      "Errors are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem details.",
    ...operations,
    "## Schemas",
    ...schemas,
    "",
  ].join("\n\n");
}

/** Asks the app itself, over clients of services that are not there: the document needs none of them. */
async function servedDocument(): Promise<Document> {
  const nowhere = { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1", REDIS_HOST: "127.0.0.1", REDIS_PORT: "1" };
  const stores = { POSTGRES_HOST: "127.0.0.1", OPENSEARCH_ENDPOINT: "http://127.0.0.1:1" };
  const config = readConfiguration(apiConfig, { ...nowhere, ...stores });
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const health = new Health();
  const hardStop = new AbortController();
  const backoff = { initialMs: 1_000, maxMs: 1_000 };
  const patience = { log: new Log("api", { destination: silent }), health, backoff, hardStop: hardStop.signal };
  await using open = openEdges(config, patience, noTracing);
  const answer = await createApp(open.edges, health, config, processMetrics(patience.log, health)).request(
    "/openapi.json",
  );
  const document = (await answer.json()) as Document;
  hardStop.abort();
  return document;
}

function describeOperation(method: string, path: string, operation: Operation): string {
  const { summary = "", description, parameters = [], requestBody, responses } = operation;
  const parameterRows = parameters.map((each) => {
    const type = each.schema?.enum?.map((value) => `\`${value}\``).join(", ") ?? each.schema?.type ?? "";
    const fallback = each.schema?.default === undefined ? "" : `\`${each.schema.default}\``;
    return row(`\`${each.name}\``, each.in, String(type), each.required ? "**required**" : fallback, each.description);
  });
  const responseRows = Object.entries(responses).map(([status, { description: meaning, content = {} }]) =>
    row(status, meaning, Object.keys(content).join(", ")),
  );
  const bodies = Object.entries(requestBody?.content ?? {}).map(
    ([mediaType, { schema = {} }]) => `Body, as \`${mediaType}\`:\n\n${json(schema)}`,
  );
  return [
    `## ${method.toUpperCase()} ${path}`,
    summary,
    ...(description ? [description] : []),
    ...(parameterRows.length > 0
      ? [
          [
            row("parameter", "in", "type", "default", "meaning"),
            row("---", "---", "---", "---", "---"),
            ...parameterRows,
          ].join("\n"),
        ]
      : []),
    ...bodies,
    [row("answer", "meaning", "as"), row("---", "---", "---"), ...responseRows].join("\n"),
  ].join("\n\n");
}

function row(...cells: (string | undefined)[]): string {
  return `| ${cells.map((cell = "") => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}

function json(value: unknown): string {
  return `\`\`\`json\n${JSON.stringify(value, undefined, 2)}\n\`\`\``;
}
