import { describeCause } from "@millrace/shared";
import { z } from "zod";

const healthSchema = z.object({
  checks: z.record(z.string(), z.object({ status: z.string(), cause: z.string().optional() })),
});

/** The failed checks of `/health`, a phrase each; never rejects. */
export async function readFailedChecks(api: URL): Promise<string[]> {
  try {
    const response = await fetch(new URL("/health", api), { signal: AbortSignal.timeout(10_000) });
    const { checks } = healthSchema.parse(await response.json());
    return Object.entries(checks).flatMap(([name, { status, cause }]) =>
      status === "ok" ? [] : [`${name}: ${cause ?? "failed"}`],
    );
  } catch (error) {
    return [`the api does not answer (${describeCause(error)})`];
  }
}
