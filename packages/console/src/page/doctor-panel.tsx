import { useEffect, useState } from "preact/hooks";
import type { DoctorReport } from "../contract.ts";
import { formatAge, formatDuration } from "./format.ts";
import { Problem } from "./publish-panel.tsx";
import { ask } from "./requests.ts";
import { Status, type Tone } from "./status.tsx";

type Dependency = DoctorReport["dependencies"][number];
type Step = Dependency["steps"][number];

const NOT_FOUND = 404;
const tones: Record<Step["status"], Tone> = { ok: "ok", failed: "failed", skipped: "unknown" };

/** What `millrace doctor` last found, of each process that it was run for. */
export function DoctorPanel() {
  const [reports, setReports] = useState<readonly DoctorReport[]>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    void ask<{ reports: readonly DoctorReport[] }>("/doctor").then((answer) => {
      if ("body" in answer) return setReports(answer.body.reports);
      if (answer.status === NOT_FOUND) return setReports([]);
      setProblem(answer.problem);
    });
  }, []);
  return (
    <section id="doctor" class="panel" aria-labelledby="doctor-title">
      <h2 id="doctor-title">Doctor</h2>
      <Problem text={problem} />
      {reports?.length === 0 && (
        <p class="empty">
          No report yet. <code>millrace doctor</code> tries every dependency step by step, from its name to a write.
        </p>
      )}
      <div class="reports">
        {reports?.map((report) => (
          <Report key={report.process} report={report} />
        ))}
      </div>
    </section>
  );
}

function Report({ report }: { report: DoctorReport }) {
  return (
    <article>
      <h3>
        {report.process} <span class="muted">{formatAge(Date.now() - Date.parse(report.checkedAt))} ago</span>
      </h3>
      <dl>
        {report.dependencies.map((dependency) => (
          <DependencyReport key={dependency.dependency} report={dependency} />
        ))}
      </dl>
    </article>
  );
}

function DependencyReport({ report }: { report: Dependency }) {
  const { dependency, steps, failure } = report;
  return (
    <div class="examined">
      <dt>{dependency}</dt>
      <dd>
        <ul class="checks">
          {steps.map(({ step, status, durationMs, said }) => (
            <li key={step} title={said}>
              <Status tone={tones[status]} word={step} />
              {status === "skipped" ? "" : <span class="muted">{formatDuration(durationMs)}</span>}
            </li>
          ))}
        </ul>
        {failure && (
          <>
            <p class="cause failed">
              {failure.code}: {failure.said}
            </p>
            <p>{failure.remedy.text}</p>
            {failure.remedy.policy !== undefined && <pre>{JSON.stringify(failure.remedy.policy, null, 2)}</pre>}
          </>
        )}
      </dd>
    </div>
  );
}
