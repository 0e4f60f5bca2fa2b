import { embed, publish, search } from "./api-client.ts";
import { holdOut, type LabelledText } from "./labelled-texts.ts";
import { type Candidate, nearestNeighbour } from "./nearest-neighbour.ts";
import type { Testbed } from "./testbed.ts";

const REQUEST_MAX_MESSAGES = 500;

export interface Quality {
  indexed: number;
  heldOut: number;
  seed: number;
  /** Share of searches, 0 to 1, where both find a text of the same category. */
  categoryAgreement: number;
  /** Share of searches where both find the same text. */
  textAgreement: number;
  /** Share of searches where the nearest text has the category of the held-out text. */
  accuracy: number;
  bruteForceAccuracy: number;
}

/**
 * Publishes all texts but the held-out ones, and searches for each of these in two ways: through the whole pipeline,
 * and by comparing its vector with every vector in the index.
 */
export async function measureQuality(
  texts: readonly LabelledText[],
  { count, seed }: { count: number; seed: number },
  testbed: Testbed,
  onProgress: (what: string, done: number, of: number) => void,
): Promise<Quality> {
  const { heldOut, rest } = holdOut(texts, count, seed);
  const published = await publishAll(rest, testbed, onProgress);
  const candidates: Candidate[] = [];
  for await (const { id, vector } of testbed.readBack.readDocuments(["vector"])) {
    candidates.push({ id, vector: Float32Array.from(vector) });
  }
  const { api } = testbed.pipeline;
  const { port } = testbed.pipeline.process("embed");
  const tally = { sameCategory: 0, sameText: 0, right: 0, bruteForceRight: 0 };
  for (const [index, { text, category }] of heldOut.entries()) {
    const [hit] = await search(api, { q: text, mode: "semantic", k: 1 });
    const nearest = nearestNeighbour(await embed(port, text), candidates);
    const found = published.get(hit?.id ?? "");
    const exact = published.get(nearest?.id ?? "");
    if (found && found.category === exact?.category) tally.sameCategory++;
    if (found && found.text === exact?.text) tally.sameText++;
    if (found?.category === category) tally.right++;
    if (exact?.category === category) tally.bruteForceRight++;
    onProgress("searched", index + 1, heldOut.length);
  }
  return {
    indexed: candidates.length,
    heldOut: heldOut.length,
    seed,
    categoryAgreement: tally.sameCategory / heldOut.length,
    textAgreement: tally.sameText / heldOut.length,
    accuracy: tally.right / heldOut.length,
    bruteForceAccuracy: tally.bruteForceRight / heldOut.length,
  };
}

/** Returns once all texts can be found, by the IDs that they got. */
async function publishAll(
  texts: readonly LabelledText[],
  { pipeline, untilRecorded }: Testbed,
  onProgress: (what: string, done: number, of: number) => void,
): Promise<Map<string, LabelledText>> {
  const byId = new Map<string, LabelledText>();
  for (let start = 0; start < texts.length; start += REQUEST_MAX_MESSAGES) {
    const chunk = texts.slice(start, start + REQUEST_MAX_MESSAGES);
    const ids = await publish(
      pipeline.api,
      chunk.map(({ text }) => text),
    );
    for (const [index, text] of chunk.entries()) byId.set(ids[index] ?? "", text);
  }
  await untilRecorded(texts.length, (recorded) => onProgress("recorded", recorded, texts.length));
  return byId;
}
