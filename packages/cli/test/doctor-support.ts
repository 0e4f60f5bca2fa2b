import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { AwsCredentials } from "@millrace/connections";
import {
  type DependencyName,
  type DependencyReport,
  diagnose,
  type Report,
  type Step,
  type Subject,
  type VerdictCode,
} from "@millrace/doctor";
import type { PolicyDocument } from "@millrace/shared";
import { expect } from "vitest";
import { readSubject } from "../src/doctor/subjects.ts";

export const REGION = "eu-west-1";
export const key = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "an-example/of+a-secret" };
export const session = {
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "another/example",
  sessionToken: "a/session+token==",
};

/** What is broken, and what the doctor must report. */
export interface SetUp {
  subject: Subject;
  /** Added to the stack's variables. */
  environment: Record<string, string>;
  credentials?: AwsCredentials;
  verdict: [DependencyName, Step, VerdictCode];
  remedy: string;
  /** Missing actions with their resources; if absent, no policy is printed. */
  missing?: Record<string, string[]>;
  /** Other dependencies that fail for the same reason. */
  also?: DependencyName[];
}

/** For a step that succeeds or is refused: a slow machine is no verdict. */
export const PATIENCE_MS = 25_000;
/** For the steps of a dependency that never answers. */
const SILENCE_MS = 2_000;
const silences = new Set<VerdictCode>(["tcp_timeout", "tls_timeout", "no_answer"]);

/** Expects exactly this verdict and remedy, no other failure, and no secret in any response. */
export async function expectVerdict(setUp: SetUp): Promise<void> {
  const [dependency, step, code] = setUp.verdict;
  const report = await examineSetUp(setUp, silences.has(code) ? dependency : undefined);
  const failure = reportOf(report, dependency)?.failure;
  const found = failure && [dependency, failure.step, failure.code, failure.remedy.text];
  expect(found, JSON.stringify(report, undefined, 1)).toEqual([dependency, step, code, setUp.remedy]);
  expect(failure?.remedy.policy && allowedBy(failure.remedy.policy)).toEqual(setUp.missing);
  expect(failedOf(report).sort()).toEqual([dependency, ...(setUp.also ?? [])].sort());
  expectRestSkipped(reportOf(report, dependency));
  expect(JSON.stringify(report)).not.toMatch(
    /X-Amz-Signature=(?!\[)|Bearer (?!\[)|example\/of|another\/example|s3cret/,
  );
}

/** @param silent dependencies that never answer and are not waited for */
export function examineSetUp(
  { subject, environment, credentials }: Omit<SetUp, "verdict" | "remedy">,
  silent?: DependencyName,
): Promise<Report> {
  const all = { ...process.env, AWS_REGION: REGION, ...environment };
  const { settings, examinationsOf } = readSubject(subject, all);
  return diagnose(subject, settings, examinationsOf, {
    limitMs: (_, dependency) => (dependency === silent ? SILENCE_MS : PATIENCE_MS),
    environment: all,
    ...(credentials && { credentials: async () => credentials }),
  });
}

/** The report of one dependency. */
export function reportOf({ dependencies }: Report, name: DependencyName): DependencyReport | undefined {
  return dependencies.find(({ dependency }) => dependency === name);
}

export function stepsOf(report: Report, name: DependencyName): Step[] | undefined {
  return reportOf(report, name)?.steps.map(({ step }) => step);
}

export function failedOf({ dependencies }: Report): DependencyName[] {
  return dependencies.filter(({ status }) => status === "failed").map(({ dependency }) => dependency);
}

function expectRestSkipped(report: DependencyReport | undefined): void {
  const failedAt = report?.steps.findIndex(({ status }) => status === "failed") ?? -1;
  const statuses = report?.steps.map(({ status }) => status) ?? [];
  expect(statuses.slice(0, failedAt).every((status) => status === "ok")).toBe(true);
  expect(statuses.slice(failedAt + 1).every((status) => status === "skipped")).toBe(true);
}

function allowedBy({ Statement }: PolicyDocument): Record<string, string[]> {
  const resourcesOf = ({ Resource = [], Principal = {} }: (typeof Statement)[number]) => [
    ...Resource,
    ...Object.values(Principal),
  ];
  return Object.fromEntries(Statement.map((statement) => [statement.Action.join(), resourcesOf(statement)]));
}

export interface Listener extends AsyncDisposable {
  port: number;
}

/** A server that accepts every connection and never sends anything. */
export async function listenSilently(): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  return listen(server, () => sockets.forEach((socket) => void socket.destroy()));
}

export function listenHttp(answer: RequestListener): Promise<Listener> {
  const server = createHttpServer(answer);
  return listen(server, () => server.closeAllConnections());
}

/**
 * Responds with a status and body that the test chooses by the path of the URL: first a name, then the request's own
 * path.
 */
export function listenAnswering(
  answerOf: (name: string, path: string) => readonly [status: number, body: string] | undefined,
): Promise<Listener> {
  return listenHttp((request, response) => {
    const [, name = "", path = ""] = (request.url ?? "").split("/");
    const [status, body] = answerOf(name, path) ?? [404, "Not found"];
    response.writeHead(status).end(body);
  });
}

export async function listen(server: Server, cut: () => void): Promise<Listener> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const CALLER = "arn:aws:sts::000000000000:assumed-role/pipeline/millrace";

/** STS's `GetCallerIdentity`, with a clock that may be off. */
export function listenAsSts(skewS = 0): Promise<Listener> {
  return listenHttp((_, response) => {
    response.sendDate = false;
    response.setHeader("date", new Date(Date.now() - skewS * 1_000).toUTCString());
    response.end(`<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${CALLER}</Arn>
      <Account>000000000000</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`);
  });
}
