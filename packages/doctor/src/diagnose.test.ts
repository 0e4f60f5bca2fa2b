import { expect, test } from "vitest";
import { diagnose, type ListExaminations } from "./diagnose.ts";
import type { Examination, StepCheck } from "./examination.ts";
import type { DoctorSettings } from "./subject.ts";

const settings = {
  KAFKA_BOOTSTRAP_SERVERS: ["broker:9092"],
  REDIS_HOST: "cache",
  REDIS_PASSWORD: "the-password",
} as unknown as DoctorSettings;

function examination(checks: readonly Partial<StepCheck>[], overrides: Partial<Examination> = {}): Examination {
  const complete = checks.map(
    (check): StepCheck => ({ step: "probe", tried: "a probe", run: async () => "fine", ...check }),
  );
  return { dependency: "redis", names: { address: "REDIS_HOST" }, checks: complete, ...overrides };
}

const diagnosed = (examinationsOf: ListExaminations, limitMs = 5_000) =>
  diagnose("sink", settings, examinationsOf, { environment: {}, limitMs: () => limitMs });

test("the report is ok when every check is, and lists the dependencies in one order", async () => {
  const report = await diagnosed(() => [examination([{}]), examination([{}], { dependency: "kafka" })]);
  expect(report).toMatchObject({ process: "sink", status: "ok" });
  expect(report.dependencies.map(({ dependency, status }) => [dependency, status])).toEqual([
    ["kafka", "ok"],
    ["redis", "ok"],
  ]);
});

test("after a failed step the rest of that dependency is skipped, and the other dependencies are examined", async () => {
  const failing: Partial<StepCheck> = {
    step: "authentication",
    run: async () => ({ code: "redis_password_refused", said: "WRONGPASS" }),
  };
  const report = await diagnosed(() => [examination([failing, {}]), examination([{}], { dependency: "kafka" })]);
  expect(report.status).toBe("failed");
  const [kafka, redis] = report.dependencies;
  expect(redis?.steps.map(({ status }) => status)).toEqual(["failed", "skipped"]);
  expect(redis?.failure).toMatchObject({ step: "authentication", code: "redis_password_refused", said: "WRONGPASS" });
  expect(redis?.failure?.remedy.text).toContain("REDIS_PASSWORD");
  expect(kafka?.status).toBe("ok");
});

test("an error is explained by its examination, and no secret of the settings is repeated", async () => {
  const report = await diagnosed(() => [
    examination(
      [
        {
          run: async () => {
            throw new Error("denied for the-password");
          },
        },
      ],
      { explain: (error) => ({ code: "redis_denied", said: String(error) }) },
    ),
  ]);
  expect(report.dependencies[0]?.failure).toMatchObject({ code: "redis_denied", said: "Error: denied for [secret]" });
});

test("a step without an answer ends at its limit, and what it opened is closed", async () => {
  let closed = 0;
  const silent: Partial<StepCheck> = { run: () => new Promise<never>(() => undefined) };
  const close = async (): Promise<void> => {
    closed++;
  };
  const report = await diagnosed(() => [examination([silent], { close })], 20);
  expect(report.dependencies[0]?.failure).toMatchObject({ step: "probe", code: "no_answer" });
  expect(closed).toBe(1);
});

test("each diagnosis makes its own examinations, from the environment and the credentials that it is given", async () => {
  const credentials = async () => ({ accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" });
  const seen: unknown[] = [];
  const examinationsOf: ListExaminations = ({ environment, credentials: given }) => {
    seen.push([environment.AWS_REGION, given === credentials]);
    return [examination([{}])];
  };
  const options = { environment: { AWS_REGION: "eu-west-1" }, credentials };
  for (let run = 0; run < 2; run++) await diagnose("sink", settings, examinationsOf, options);
  expect(seen).toEqual([
    ["eu-west-1", true],
    ["eu-west-1", true],
  ]);
});
