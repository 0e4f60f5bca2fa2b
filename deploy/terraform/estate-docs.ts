// The parts of docs/estate.md that the code knows: costs of each environment and a picture of the network.
//   node estate-docs.ts --plans FOLDER [--check]
import { readFileSync, writeFileSync } from "node:fs";
import { costOf, prices } from "./costs.ts";
import { environments, readPlan } from "./plans.ts";

const plans = process.argv[process.argv.indexOf("--plans") + 1] ?? "";
const page = new URL("../../docs/estate.md", import.meta.url);

/** Dollars a month that were asked for, as orders of magnitude. */
const asked = { dev: "150–200", staging: "300–400", prod: "500–700" };

function costs(): string {
  const bills = environments.map((environment) => costOf(readPlan(plans, environment).resources));
  const parts = [...new Set(bills.flatMap((bill) => [...bill.keys()]))];
  const total = (bill: Map<string, number>) => [...bill.values()].reduce((sum, dollars) => sum + dollars, 0);
  const cell = (dollars: number | undefined) =>
    dollars === undefined ? "–" : Math.round(dollars).toLocaleString("en");
  const sorted = parts.toSorted((one, other) => (bills[2]?.get(other) ?? 0) - (bills[2]?.get(one) ?? 0));
  return [
    `Dollars a month in ${prices.region}, at list prices as of ${prices.as_of} (\`deploy/terraform/prices.json\`).`,
    "",
    `| | ${environments.join(" | ")} |`,
    `| --- |${" ---: |".repeat(environments.length)}`,
    ...sorted.map((part) => `| ${part} | ${bills.map((bill) => cell(bill.get(part))).join(" | ")} |`),
    `| **total** | ${bills.map((bill) => `**${cell(total(bill))}**`).join(" | ")} |`,
    `| asked for | ${environments.map((environment) => asked[environment]).join(" | ")} |`,
    "",
    `Source: ${prices.source}`,
  ].join("\n");
}

interface Flow {
  from: string;
  to: string;
  port: number;
}

/** Subnets by who is in them; the flows are those that the security groups' rules are made from. */
const places = {
  public: { title: "public subnets", groups: ["alb"] },
  private: { title: "private subnets", groups: ["nodes", "tasks", "functions", "kafka", "bastion", "endpoints"] },
  database: { title: "database subnets: no way out", groups: ["database", "cache", "msk", "search"] },
};

function picture(): string {
  const { outputs, resources } = readPlan(plans, "prod");
  const flows = Object.values(outputs.flows as Record<string, Flow>).filter(({ from, to }) => from !== to);
  const ports = new Map<string, number[]>();
  for (const { from, to, port } of flows) ports.set(`${from} ${to}`, [...(ports.get(`${from} ${to}`) ?? []), port]);
  const cidrs = (name: string) =>
    resources
      .filter((resource) => resource.type === "aws_subnet" && resource.name === name)
      .map(({ values }) => values.cidr_block);
  const known = [...Object.values(places).flatMap(({ groups }) => groups), "control-plane"];
  for (const group of flows.flatMap(({ from, to }) => [from, to])) {
    if (!known.includes(group)) throw new Error(`estate-docs.ts does not know in which subnets ${group} is`);
  }
  const boxes = Object.entries(places).flatMap(([name, { title, groups }]) => [
    `    subgraph ${name}-subnets["${title}<br/>${cidrs(name).join(", ")}"]`,
    ...groups.map((group) => `      ${group}`),
    "    end",
  ]);
  const open = resources.filter(
    ({ type, name }) => type === "aws_vpc_security_group_ingress_rule" && name === "internet",
  );
  const openPorts = [...new Set(open.map(({ values }) => values.from_port as number))].sort((a, b) => a - b);
  const out = resources.filter(
    ({ type, name }) => type === "aws_vpc_security_group_egress_rule" && name === "internet",
  );
  return [
    "```mermaid",
    "flowchart LR",
    "  internet((Internet))",
    "  control-plane[EKS control plane]",
    '  subgraph vpc["VPC, three zones"]',
    ...boxes,
    "    nat[NAT gateways]",
    "  end",
    `  internet -->|${openPorts.join(", ")}| alb`,
    ...[...ports].map(
      ([pair, numbers]) => `  ${pair.replace(" ", ` -->|${[...new Set(numbers)].sort((a, b) => a - b).join(", ")}| `)}`,
    ),
    ...out.map(({ address }) => `  ${/\["(.*)"\]$/.exec(address)?.[1]} -.->|443| nat`),
    "  nat -.-> internet",
    "```",
  ].join("\n");
}

function put(text: string, name: string, part: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  if (!text.includes(begin) || !text.includes(end)) throw new Error(`docs/estate.md has no ${begin} … ${end}`);
  return `${text.slice(0, text.indexOf(begin) + begin.length)}\n${part}\n${text.slice(text.indexOf(end))}`;
}

const old = readFileSync(page, "utf8");
const wanted = put(put(old, "costs", costs()), "network", picture());
if (process.argv.includes("--check") && wanted !== old) {
  console.error("docs/estate.md is old: run deploy/terraform/check --write.");
  process.exit(1);
}
if (wanted !== old) writeFileSync(page, wanted);
console.log("docs/estate.md has the plans' costs and network");
