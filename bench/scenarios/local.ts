import type { Bench, Section } from "../bench.ts";
import { drain } from "../drain.ts";
import { Rounds } from "../table.ts";
import { peakFigures, processorFigures } from "./throughput.ts";

/** Dimensions of the built-in embedder. */
const LOCAL_DIMENSIONS = 256;

/** Measures the stages without an API: the embed process computes the vectors. */
export async function local(bench: Bench): Promise<Section[]> {
  const processors = new Rounds<Record<string, number>>();
  const resources = new Rounds<Record<string, number>>();
  for (let run = 1; run <= bench.runs; run++) {
    bench.say(`local provider, run ${run} …`);
    const environment = { EMBEDDING_PROVIDER: "local" };
    const drained = await drain(bench, { index: "flat", dimensions: LOCAL_DIMENSIONS, environment });
    processors.add("local, flat", { "messages/s": drained.messagesPerS, ...processorFigures(drained) });
    resources.add("local, flat", peakFigures(drained));
  }
  const title = `local provider, ${LOCAL_DIMENSIONS} dimensions`;
  return [
    { title: `${title}: processor time, µs a message`, rowTitle: "provider", rows: processors.rows },
    { title: `${title}: memory`, rowTitle: "provider", rows: resources.rows },
  ];
}
