// npm run monitoring: a real Prometheus with the deployed rules, for the pipeline on this machine.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { startPrometheus } from "./prometheus/prometheus.ts";
import { localConfiguration } from "./scrape.ts";

const root = resolve(import.meta.dirname, "../../..");
const state = process.env.MILLRACE_STATE_DIR ?? resolve(root, ".millrace");
const usage = `Usage: npm run monitoring [-- --port PORT] [--targets FILE]

Runs Prometheus with the deployed rules beside a running npm start.

  --port PORT     port to listen on; default: 9090
  --targets FILE  targets file that npm start writes; default: the default stack's
  --help          show this help
`;
const values = options();
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const port = Number(values.port);
if (!(Number.isInteger(port) && port > 0 && port < 65_536)) refuse(`${values.port} is not a port.\n\n${usage}`);
const targets = resolve(values.targets);
if (!existsSync(targets)) refuse(`${targets} does not exist: run npm start first, or name the file with --targets.\n`);

const configuration = await localConfiguration({ file_sd_configs: [{ files: [targets] }] }, 5);
await using prometheus = await startPrometheus({ configuration, port });
process.stdout.write(
  `Prometheus: ${prometheus.url} (alerts: ${new URL("/alerts", prometheus.url)}). Press Ctrl-C to stop it.\n`,
);
await new Promise((stop) => {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
});

function options() {
  try {
    return parseArgs({
      options: {
        port: { type: "string", default: "9090" },
        targets: { type: "string", default: resolve(state, "default/logs/pipeline/targets.json") },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    // A usage error, such as an unknown option.
    return refuse(`${(error as Error).message}\n\n${usage}`);
  }
}

function refuse(text: string): never {
  process.stderr.write(text);
  process.exit(1);
}
