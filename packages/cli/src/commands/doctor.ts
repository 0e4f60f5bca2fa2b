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
Reads the same variables as the processes, and does what they do: resolve, connect, TLS, log in, check permissions, write
and read. It leaves nothing behind: no record, no document, no row; its Redis key is deleted.
Exit code 0: everything works. 1: a check failed; its remedy is shown. 78: the configuration is invalid.
--policy, --data-access and --trust print policies without connecting; the account comes from AWS_ROLE_ARN.`;

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("check every dependency step by step; a failure shows its remedy and the missing IAM policy")
    .addOption(
      new Option("--process <name>", "process to check; cli: verify, dead-letters, trace and cost")
        .choices([...roleNames, "all"])
        .default("all"),
    )
    .option("--timeout <seconds>", "time limit of a step; default: 3 s for network steps, 10 s for the others", seconds)
    .option("--json", "print the report as JSON")
    .option("--policy", "print the minimal IAM policy of the process")
    .option("--data-access", "print the process's data access policy for OpenSearch Serverless")
    .addOption(
      new Option("--trust <kind>", "print the trust policy of the process's role").choices(["irsa", "pod-identity"]),
    )
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
  throw new InvalidArgumentError("Not a number of seconds above 0 and up to 600.");
}
