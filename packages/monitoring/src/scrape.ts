import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parse } from "yaml";

export const monitoringDirectory = resolve(import.meta.dirname, "../../../deploy/monitoring");

/**
 * The deployed configuration with the same rules, adapted to a pipeline on this machine.
 *
 * @param intervalSeconds 15 in production; a test can't wait that long
 */
export async function localConfiguration(
  discovery: Discovery,
  intervalSeconds: number,
): Promise<Record<string, unknown>> {
  const deployed = parse(await readFile(resolve(monitoringDirectory, "prometheus.yml"), "utf8"));
  return {
    global: { scrape_interval: `${intervalSeconds}s`, evaluation_interval: `${intervalSeconds}s` },
    rule_files: deployed.rule_files.map((file: string) => resolve(monitoringDirectory, file)),
    scrape_configs: [{ job_name: "millrace", ...discovery }],
  };
}

/** How Prometheus finds its targets. */
type Discovery = { static_configs: { targets: string[] }[] } | { file_sd_configs: { files: string[] }[] };
