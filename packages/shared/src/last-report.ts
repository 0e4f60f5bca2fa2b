import { z } from "zod";

/** In the order in which AWS writes the parts of a statement. */
const statementSchema = z.object({
  Effect: z.literal("Allow"),
  Principal: z.record(z.string(), z.string()).optional(),
  Action: z.array(z.string()),
  Resource: z.array(z.string()).optional(),
  Condition: z.record(z.string(), z.record(z.string(), z.string())).optional(),
});
export type Statement = z.output<typeof statementSchema>;

/** An IAM policy, or the trust policy of a role. */
const policySchema = z.object({ Version: z.literal("2012-10-17"), Statement: z.array(statementSchema) });
export type PolicyDocument = z.output<typeof policySchema>;

const failureSchema = z.object({
  step: z.string(),
  /** One of the verdicts. */
  code: z.string(),
  tried: z.string(),
  /** What came back, without secrets. */
  said: z.string(),
  remedy: z.object({ text: z.string(), policy: policySchema.optional() }),
});

/** A report without its single steps: what a process says of its start, by Redis. */
export const lastReportSchema = z.object({
  process: z.string(),
  /** ISO 8601 */
  checkedAt: z.string(),
  durationMs: z.number(),
  status: z.enum(["ok", "failed"]),
  dependencies: z.array(
    z.object({
      dependency: z.string(),
      status: z.enum(["ok", "failed"]),
      durationMs: z.number(),
      failure: failureSchema.optional(),
    }),
  ),
});
export type LastReport = z.output<typeof lastReportSchema>;
