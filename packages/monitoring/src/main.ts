// npm run monitoring: a real Prometheus, with the rules that are deployed, for the pipeline that runs on this machine.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { startPrometheus } from "./prometheus/prometheus.ts";
import { localConfiguration } from "./scrape.ts";

const root = resolve(import.meta.dirname, "../../..");
const state = process.env.MILLRACE_STATE_DIR ?? resolve(root, ".millrace");
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "9090" },
    targets: { type: "string", default: resolve(state, "default/logs/pipeline/targets.json") },
  },
});
const targets = resolve(values.targets);
if (!existsSync(targets)) {
  process.stderr.write(`${targets} does not exist: run npm start first, or name the file with --targets.\n`);
  process.exit(1);
}

const configuration = await localConfiguration({ file_sd_configs: [{ files: [targets] }] }, 5);
await using prometheus = await startPrometheus({ configuration, port: Number(values.port) });
process.stdout.write(
  `Prometheus: ${prometheus.url} (alerts: ${new URL("/alerts", prometheus.url)}); Ctrl-C ends it.\n`,
);
await new Promise((stop) => {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
});
