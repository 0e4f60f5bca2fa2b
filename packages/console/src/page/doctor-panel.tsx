import { useEffect, useState } from "preact/hooks";
import type { DoctorReport, DoctorReports } from "../contract.ts";
import { formatAge, formatDuration } from "./format.ts";
import { Problem } from "./problem.tsx";
import { ask } from "./requests.ts";
import { Status } from "./status.tsx";

/** Processes report at startup only, so new reports are rare. */
const REFRESH_MS = 30_000;

/** The doctor's startup report of each process. */
export function DoctorPanel() {
  const [found, setFound] = useState<DoctorReports>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const read = async (): Promise<void> => {
      const answer = await ask<DoctorReports>("/doctor");
      setProblem("problem" in answer ? answer.problem : undefined);
      if ("body" in answer) setFound(answer.body);
    };
    void read();
    const timer = setInterval(() => void read(), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <section id="doctor" class="panel" aria-labelledby="doctor-title">
      <h2 id="doctor-title">Doctor</h2>
      <Problem text={problem ?? found?.unknown} />
      {found?.reports.length === 0 && (
        <p class="empty">
          No reports yet. Each process checks its dependencies at startup; <code>millrace doctor</code> checks them now.
        </p>
      )}
      <div class="reports">
        {found?.reports.map(({ instance, report }) => (
          <Report key={instance} report={report} />
        ))}
      </div>
    </section>
  );
}

function Report({ report: { process, checkedAt, dependencies } }: { report: DoctorReport }) {
  return (
    <article>
      <h3>
        {process} <span class="muted">{formatAge(Date.now() - Date.parse(checkedAt))} ago</span>
      </h3>
      <ul>
        {dependencies.map((dependency) => (
          <Dependency key={dependency.dependency} found={dependency} />
        ))}
      </ul>
    </article>
  );
}

function Dependency({ found }: { found: DoctorReport["dependencies"][number] }) {
  const { dependency, status, durationMs, failure } = found;
  return (
    <li class={failure ? "failed" : ""}>
      <Status tone={status} word={dependency} /> <span class="muted">{formatDuration(durationMs)}</span>
      {failure && (
        <div class="remedy">
          <p class="cause failed">
            {failure.step}: {failure.code}, {failure.said}
          </p>
          <p>{failure.remedy.text}</p>
          {failure.remedy.policy !== undefined && <pre>{JSON.stringify(failure.remedy.policy, null, 2)}</pre>}
        </div>
      )}
    </li>
  );
}
