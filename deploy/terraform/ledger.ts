// Writes LEDGER.md: each resource of each module, and what tried it. `--check` writes nothing and fails where it is old, where
// no test mentions a resource, or where data could be destroyed by a plan.
//   node ledger.ts --checkov REPORT [--check]
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { blocksOf, folders, moduleNames, root } from "./blocks.ts";

interface Finding {
  file_path: string;
  resource: string;
  check_id: string;
}
const read = (file: string): string => readFileSync(new URL(file, root), "utf8");
/** Lines of `FOLDER ADDRESS`, and of mistake, place and tools with tabs between. */
const applied = new Set(read("moto/applied.txt").split("\n"));
const forgotten = new Set(
  read("moto/forgotten.tsv")
    .trim()
    .split("\n")
    .map((line) => line.split("\t").slice(0, 2).join(" ")),
);
const planted = read("planted/caught.tsv")
  .trim()
  .split("\n")
  .map((line) => line.split("\t"));
const [report] = [JSON.parse(readFileSync(process.argv[process.argv.indexOf("--checkov") + 1] ?? "", "utf8"))].flat();
const { passed_checks: passed, skipped_checks: explained } = report.results as Record<string, Finding[]>;

/** A destroyed one of these can't be made again. */
const data =
  /^aws_(kms_key|s3_bucket|db_instance|elasticache_replication_group|msk_cluster|opensearch_domain|opensearchserverless_collection|ebs_volume)$/;

const problems: string[] = [];
let resources = 0;
let onMoto = 0;

function section(folder: string): string {
  const tests = readdirSync(new URL(`${folder}/tests`, root))
    .map((file) => read(`${folder}/tests/${file}`))
    .join("\n");
  const rows = blocksOf(folder)
    .filter(({ kind }) => kind === "resource")
    .map(({ labels: [type = "", name = ""], body, file }) => {
      const address = `${type}.${name}`;
      const mentions = tests.split(new RegExp(`\\b${address}\\b`)).length - 1;
      if (mentions === 0) problems.push(`${folder}: no test mentions ${address}`);
      if (data.test(type) && !body.includes("prevent_destroy = true"))
        problems.push(`${folder}: ${address} can be destroyed`);
      const moto = applied.has(`${folder} ${address}`);
      resources++;
      if (moto) onMoto++;
      const policy = checks(passed, folder, file, address);
      const skips = checks(explained, folder, file, address);
      const policies = `${policy}${skips > 0 ? `, ${skips} explained` : ""}`;
      return `| \`${address}\` | ✓ | ${mentions} | ${policies} | ${moto ? (forgotten.has(`${folder} ${address}`) ? "(✓)" : "✓") : "–"} |`;
    });
  if (rows.length === 0) return "";
  return [
    `## ${folder}`,
    "",
    "| resource | validate | test | policy | moto |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

/** Different checks, as a module is scanned by itself and in each environment. */
function checks(findings: Finding[] = [], folder: string, file: string, address: string): number {
  const own = findings.filter(({ file_path, resource }) => {
    return file_path === `/${folder}/${file}` && resource.replace(/\[.*$/, "").endsWith(address);
  });
  return new Set(own.map(({ check_id }) => check_id)).size;
}

const sections = folders()
  .map(section)
  .filter((text) => text !== "");
const caught = planted.map((columns) => `| ${columns.join(" | ")} |`);
const ledger = `# What tried each resource

Written by \`deploy/terraform/check --write\`; \`check\` fails where it is old, or where no test mentions a resource.
**Nothing here has been applied on AWS.** ${moduleNames().length} modules and bootstrap have ${resources} resources; ${onMoto} of them were applied on moto.

| column | what it says |
| --- | --- |
| validate | the real AWS provider accepts every attribute and type (\`terraform validate\`) |
| test | how often the module's \`terraform test\` asserts something of it, AWS played by mocks |
| policy | rules of checkov that it passes, and those that it does not follow, each with a reason beside it |
| moto | ✓ applied on moto, and the second plan leaves it alone (\`check --moto\`); (✓) applied, and moto forgets an attribute of it, so that the second plan can't say (moto/forgotten.tsv); – moto does not know it (moto/README.md) |

Moto checks neither permissions nor quotas, and most combinations of settings only AWS refuses.

## Mistakes that were planted

Each once, by \`check --plant\`, to see that the check can fail:

| mistake | where | caught by |
| --- | --- | --- |
${caught.join("\n")}

${sections.join("\n")}`;

const file = new URL("LEDGER.md", root);
const text = `${ledger.trimEnd()}\n`;
if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) problems.push("LEDGER.md is old: run deploy/terraform/check --write");
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`${resources} resources, each with a test; ${onMoto} applied on moto, none on AWS`);
