// Sets the next release's version: of the packages by their changesets, and accordingly of the workspace, the chart and
// the changelog.
//   npm run release:version
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const before = versionOf("package.json");

execFileSync("changeset", ["version"], { cwd: root, stdio: "inherit" });
const version = versionOf("packages/shared/package.json");
if (version === before) throw new Error(`no changeset bumps the version beyond ${before}`);

const today = new Date().toISOString().slice(0, 10);
replace("package.json", /"version": "[^"]+"/, `"version": "${version}"`);
replace("CHANGELOG.md", /^## Unreleased$/m, `## Unreleased\n\n## ${version} - ${today}`);
const chart = "deploy/helm/millrace";
replace(`${chart}/Chart.yaml`, /^version: .+$/m, `version: ${version}`);
replace(`${chart}/Chart.yaml`, /^appVersion: .+$/m, `appVersion: ${version}`);
replace(`${chart}/Chart.yaml`, /name: microservice, version: [^,]+,/g, `name: microservice, version: ${version},`);
replace(`${chart}/charts/microservice/Chart.yaml`, /^version: .+$/m, `version: ${version}`);
process.stdout.write(`${before} → ${version}\n`);

function versionOf(file: string): string {
  return JSON.parse(readFileSync(join(root, file), "utf8")).version;
}

function replace(file: string, pattern: RegExp, text: string): void {
  const before = readFileSync(join(root, file), "utf8");
  const after = before.replace(pattern, () => text);
  if (after === before) throw new Error(`${file} has no match for ${pattern}`);
  writeFileSync(join(root, file), after);
}
