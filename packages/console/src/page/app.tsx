import { DeadLettersPanel } from "./dead-letters-panel.tsx";
import { DoctorPanel } from "./doctor-panel.tsx";
import { LatencyPanel } from "./latency-panel.tsx";
import { useLive } from "./live.ts";
import { Masthead } from "./masthead.tsx";
import { PipelineMap } from "./pipeline-map.tsx";
import { PublishPanel } from "./publish-panel.tsx";
import { SearchPanel } from "./search-panel.tsx";

export function App() {
  const live = useLive();
  const { snapshot, history } = live;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the pipeline
      </a>
      <Masthead live={live} />
      <main id="main" tabIndex={-1}>
        <PipelineMap snapshot={snapshot} />
        <div class="pair">
          <PublishPanel />
          <SearchPanel />
        </div>
        <LatencyPanel snapshot={snapshot} history={history} />
        <DeadLettersPanel deadLettered={snapshot ? totalDeadLettered(snapshot.stages) : 0} />
        <DoctorPanel />
      </main>
      <footer>
        <a href="/docs">API documentation</a>
        <a href="/openapi.json">OpenAPI</a>
        <a href="/health">Health</a>
        <a href="/status">Status</a>
      </footer>
    </>
  );
}

/** Dead letters since the processes started: when it grows, the list reloads. */
function totalDeadLettered(stages: Readonly<Record<string, { deadLettered: number | null }>>): number {
  return Object.values(stages).reduce((sum, { deadLettered }) => sum + (deadLettered ?? 0), 0);
}
