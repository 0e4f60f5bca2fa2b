import {
  dataAccessPolicy,
  diagnose,
  identityOf,
  policyOf,
  roleNames,
  type Subject,
  type TrustKind,
  trustPolicyOf,
} from "@millrace/doctor";
import { Command, InvalidArgumentError, Option } from "commander";
import { type ReadSubject, readSubject } from "../doctor/subjects.ts";
import { doctorTable, mark } from "../doctor/table.ts";

interface Options {
  process: Subject;
  json?: true;
  timeout?: number;
  policy?: true;
  dataAccess?: true;
  trust?: TrustKind;
}

const help = `
It reads the variables that the processes read, and tries what they do: name, connection, TLS, login, permissions, and a
write and a read. Nothing stays: no record, no document, no row; a Redis key is deleted.
Exit code 0: everything works. 1: a check failed; it says what to do. 78: the configuration is wrong.
--policy, --data-access and --trust print policies and connect to nothing; the account comes from AWS_ROLE_ARN.`;

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("check every dependency step by step; a failure names its remedy and the IAM policy that is missing")
    .addOption(
      new Option("--process <name>", "what one process may do; cli: verify, dead-letters, trace and cost")
        .choices([...roleNames, "all"])
        .default("all"),
    )
    .option("--timeout <seconds>", "how long a step may take; default: 3 s for the network, 10 s for the rest", seconds)
    .option("--json", "print the report as JSON")
    .option("--policy", "print the least IAM policy of the process")
    .option("--data-access", "print the data access policy of OpenSearch Serverless for the process")
    .addOption(new Option("--trust <kind>", "print the trust policy of its role").choices(["irsa", "pod-identity"]))
    .addHelpText("after", help)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const subject = readSubject(options.process, process.env);
  const { settings } = subject;
  const roleArn = process.env.AWS_ROLE_ARN;
  if (options.policy) return print(policyOf(options.process, settings, roleArn));
  if (options.dataAccess) return print(dataAccessPolicy(options.process, settings, roleArn));
  if (options.trust) return print(trustPolicyOf(options.trust, settings, identityOf(process.env)));
  await examine(options, subject);
}

async function examine(options: Options, { settings, examinationsOf }: ReadSubject): Promise<void> {
  const { timeout: limitS } = options;
  const live = process.stderr.isTTY === true;
  const report = await diagnose(options.process, settings, examinationsOf, {
    ...(limitS !== undefined && { limitMs: () => limitS * 1_000 }),
    onStep: (dependency, step) => live && process.stderr.write(`\r\u001b[K${dependency} ${step.step} ${mark(step)}`),
  });
  if (live) process.stderr.write("\r\u001b[K");
  process.stdout.write(`${options.json ? JSON.stringify(report, undefined, 2) : doctorTable(report)}\n`);
  if (report.status === "failed") process.exitCode = 1;
}

function print(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
}

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 600) return value;
  throw new InvalidArgumentError("Not a number of seconds up to 600.");
}
