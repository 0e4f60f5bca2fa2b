import { styleText } from "node:util";
import { type DependencyReport, type Report, type StepReport, steps } from "@millrace/doctor";
import { textTable } from "@millrace/stack";

const WIDTH = 110;

/**
 * Formats the report for people: a row per dependency, a column per step, and below it each failure with its remedy.
 */
export function doctorTable(report: Report): string {
  const rows = report.dependencies.map((dependency) => [
    dependency.dependency,
    ...steps.map((step) => cell(dependency, step)),
  ]);
  const titles = ["", ...steps.map((step) => (step === "cleanup" ? "clean-up" : step))];
  const failures = report.dependencies.flatMap(describeFailure);
  return [...textTable([titles, ...rows], "left"), "", ...failures, summary(report)].join("\n");
}

function cell({ steps: reports }: DependencyReport, step: string): string {
  const report = reports.find((each) => each.step === step);
  return report ? mark(report) : styleText("dim", "·");
}

export function mark({ status, durationMs }: StepReport): string {
  if (status === "skipped") return styleText("dim", "skipped");
  const time = durationMs < 10 ? durationMs.toFixed(1) : durationMs.toFixed(0);
  return status === "ok" ? `${styleText("green", "✓")} ${time} ms` : `${styleText("red", "✗")} ${time} ms`;
}

function describeFailure({ dependency, failure }: DependencyReport): string[] {
  if (!failure) return [];
  const { step, code, tried, said, remedy } = failure;
  return [
    styleText("red", `✗ ${dependency}: ${step}: ${code}`),
    ...part("tried", tried),
    ...part("response", said),
    ...part("remedy", remedy.text),
    ...(remedy.policy ? JSON.stringify(remedy.policy, undefined, 2).split("\n").map(indent) : []),
    "",
  ];
}

const indent = (line: string): string => `    ${line}`;

function part(title: string, text: string): string[] {
  return wrap(text, WIDTH - 14).map((line, index) => indent(`${(index === 0 ? title : "").padEnd(10)}${line}`));
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}

function summary({ process, durationMs, dependencies }: Report): string {
  const failed = dependencies.filter(({ status }) => status === "failed").length;
  const who = process === "all" ? "all processes" : process;
  const verdict = failed === 0 ? "everything works" : `${failed} of ${dependencies.length} dependencies failed`;
  return `${who}: ${verdict}, ${(durationMs / 1000).toFixed(1)} s`;
}
