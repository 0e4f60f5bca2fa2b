// Writes README.md of bootstrap and of each module: what it is (the first comment of main.tf), what it takes, makes and
// gives, in the order of terraform-docs. `--check` writes nothing and fails where one is old.
//   node deploy/terraform/readme.ts [--check]
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { argument, type Block, blocksOf, folders, root } from "./blocks.ts";

function readme(folder: string): string {
  const blocks = blocksOf(folder);
  const of = (kind: string) => blocks.filter((block) => block.kind === kind);
  const resources = of("resource").map(({ labels: [type, name], file }) => `| \`${type}.${name}\` | ${file} |`);
  const modules = of("module").map(({ labels: [name] }) => `[${name}](../${name?.replaceAll("_", "-")})`);
  const sections = [
    `# ${folder.split("/").at(-1)}`,
    leadingComment(folder),
    own(folder),
    modules.length > 0 ? `## Modules\n\n${[...new Set(modules)].join(", ").replace("(../mysql)", "(../rds)")}` : "",
    resources.length > 0 ? table("Resources", ["resource", "file"], resources) : "",
    table("Inputs", ["name", "description", "type", "default"], of("variable").map(input)),
    table("Outputs", ["name", "description"], of("output").map(output)),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

/** What a generated page can't say: NOTES.md, where there is one. */
function own(folder: string): string {
  const notes = new URL(`${folder}/NOTES.md`, root);
  return existsSync(notes) ? readFileSync(notes, "utf8").trimEnd() : "";
}

function leadingComment(folder: string): string {
  for (const file of ["main.tf", "network.tf"].filter((name) => readdirSync(new URL(folder, root)).includes(name))) {
    const lines = readFileSync(new URL(`${folder}/${file}`, root), "utf8").split("\n");
    return lines
      .slice(
        0,
        lines.findIndex((line) => !line.startsWith("#")),
      )
      .map((line) => line.slice(2))
      .join("\n");
  }
  return "";
}

function input({ labels: [name], body }: Block): string {
  const [type = "", fallback] = [argument(body, "type"), argument(body, "default")];
  return `| \`${name}\` | ${text(body)} | ${code(type)} | ${fallback === undefined ? "required" : code(fallback)} |`;
}

const output = ({ labels: [name], body }: Block): string => `| \`${name}\` | ${text(body)} |`;

const text = (body: string): string => JSON.parse(argument(body, "description") ?? '""').replaceAll("|", "\\|");

function code(value: string): string {
  const flat = value.replace(/\s+/g, " ").replaceAll("|", "\\|");
  return flat.length > 60 ? `\`${flat.slice(0, flat.search(/[({[]/) + 1)}…${flat.at(-1)}\`` : `\`${flat}\``;
}

function table(title: string, columns: string[], rows: string[]): string {
  if (rows.length === 0) return "";
  return [`## ${title}`, "", `| ${columns.join(" | ")} |`, `|${" --- |".repeat(columns.length)}`, ...rows].join("\n");
}

const checking = process.argv.includes("--check");
const old = folders().filter((folder) => {
  const file = new URL(`${folder}/README.md`, root);
  const wanted = readme(folder);
  if (existsSync(file) && readFileSync(file, "utf8") === wanted) return false;
  if (!checking) writeFileSync(file, wanted);
  return checking;
});
for (const folder of old) console.error(`${folder}/README.md is old: run deploy/terraform/check --write.`);
if (old.length > 0) process.exit(1);
console.log(`${folders().length} READMEs say what the modules take and give`);
