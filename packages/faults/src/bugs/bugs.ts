import type { Replacement } from "./plant.ts";

export interface Bug {
  /** What the changed pipeline does. */
  does: string;
  /** A plan that catches it. */
  seed: number;
  replacements: readonly Replacement[];
}

/** Bugs that the harness must find, as changes to the pipeline's source. Only the processes of such a run have them. */
export const bugs = {
  "commit-before-write": {
    does: "commits an offset when its record is delivered, before anything is written",
    seed: 1,
    replacements: [
      {
        file: "kafka/src/received.ts",
        find: "    this.done = done;",
        replace: "    done();\n    this.done = done;",
      },
    ],
  },
  "retry-without-idempotence": {
    does: "gives a document a new ID each time it is written",
    seed: 1,
    replacements: [
      {
        file: "sink/src/opensearch/bulk-body.ts",
        find: "const id = target.documentIdOf(message);",
        replace: "const id = crypto.randomUUID();",
      },
    ],
  },
  "drop-on-429": {
    does: "counts a batch that the embeddings API rejects with 429 as done",
    // Its plan limits the rate of every request for 10.7 s, with Kafka and OpenSearch up; most plans have no rate limit.
    seed: 9,
    replacements: [
      {
        file: "embed/src/embed.ts",
        find: "  const remaining = without(messages, failed);",
        replace:
          "  const remaining = without(messages, failed);\n  if (embedded.dimensions === 0) return { done: remaining, poison: failed };",
      },
      {
        file: "embed/src/admission.ts",
        find: '      return "fault" in answer ? answer : { value: answer };',
        replace: `      if ("fault" in answer && answer.fault.code === "rate_limited")
        return { value: { model: "", dimensions: 0, vectors: new Float32Array(), failed: [] } };
      return "fault" in answer ? answer : { value: answer };`,
      },
    ],
  },
  "ledger-off-by-one": {
    does: "commits one record more than is done",
    seed: 1,
    replacements: [
      {
        file: "kafka/src/offset-ledger.ts",
        find: "this.#committable = head.offset + 1;",
        replace: "this.#committable = head.offset + 2;",
      },
    ],
  },
} as const satisfies Record<string, Bug>;
export type BugName = keyof typeof bugs;

export const bugNames = Object.keys(bugs) as BugName[];
