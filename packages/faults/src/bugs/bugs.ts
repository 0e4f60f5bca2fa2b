import type { Replacement } from "./plant.ts";

/** Bugs that the harness must find, as changes of the pipeline's source. They exist in the processes of such a run alone. */
export const bugs = {
  /** A record counts as done as soon as it was delivered, before anything was written. */
  "commit-before-write": [
    {
      file: "shared/src/kafka/consume.ts",
      find: "    this.#options.accept(new ReceivedRecord(",
      replace: "    finish();\n    this.#options.accept(new ReceivedRecord(",
    },
  ],
  /** The document has an id of its own each time that it is written. */
  "retry-without-idempotence": [
    {
      file: "sink/src/opensearch/bulk-body.ts",
      find: "const id = target.documentIdOf(message);",
      replace: "const id = crypto.randomUUID();",
    },
  ],
  /** A batch that the embeddings API has no capacity for is given up. */
  "drop-on-429": [
    {
      file: "embed/src/embed.ts",
      find: "    const remaining = without(",
      replace: "    if (embedded.dimensions === 0) return;\n    const remaining = without(",
    },
    {
      file: "embed/src/admission.ts",
      find: '      return "fault" in answer ? answer : { value: answer };',
      replace: `      if ("fault" in answer && answer.fault.code === "rate_limited")
        return { value: { model: "", dimensions: 0, vectors: new Float32Array(), failed: [] } };
      return "fault" in answer ? answer : { value: answer };`,
    },
  ],
  /** The ledger counts the record after the last done one as done too. */
  "ledger-off-by-one": [
    {
      file: "shared/src/offset-ledger.ts",
      find: "this.#committable = head.offset + 1;",
      replace: "this.#committable = head.offset + 2;",
    },
  ],
} as const satisfies Record<string, readonly Replacement[]>;
export type BugName = keyof typeof bugs;

export const bugNames = Object.keys(bugs) as BugName[];
