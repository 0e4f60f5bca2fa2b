import { once } from "node:events";
import type { Target } from "./target.ts";

/** Writes one line of JSON per event. */
export function standardOutput(stop: AbortSignal): Target {
  return {
    async send(batch) {
      let lines = "";
      for (const { event } of batch) lines += `${JSON.stringify(event)}\n`;
      if (!process.stdout.write(lines)) await once(process.stdout, "drain", { signal: stop }).catch(() => undefined);
      return { accepted: batch.length, refused: 0, failed: 0 };
    },
    async [Symbol.asyncDispose]() {},
  };
}
