import { ReadFailed, SelectionTooLarge } from "@millrace/kafka";
import { type CommandService, explainFailure } from "./doctor/explain-failure.ts";
import { CommandError } from "./errors.ts";

/** A service is away, refuses, or lacks what it is asked for. */
export class ServiceFailed extends Error {
  override readonly name = "ServiceFailed";
  readonly service: CommandService;

  constructor(service: CommandService, cause: unknown) {
    super(`${service} failed`, { cause });
    this.service = service;
  }
}

/** These say already what is to be done; and what the language itself throws is a bug, whoever was asked. */
const others = [CommandError, SelectionTooLarge, TypeError];

/** Notes of what a request rejects with which service that was, since clients' errors do not tell. */
export async function ask<Value>(service: CommandService, answer: Promise<Value>): Promise<Value> {
  try {
    return await answer;
  } catch (error) {
    // One without a cause is told how far it came.
    const cause = error instanceof ReadFailed ? error.cause : error;
    if (cause === undefined || others.some((type) => cause instanceof type)) throw error;
    throw new ServiceFailed(service, cause);
  }
}

/** A line with the service, its address, what it said, and what to do about it. */
export async function explainService({ service, cause }: ServiceFailed): Promise<string> {
  const explained = await explainFailure(service, cause, process.env);
  return `${explained} Run \`millrace doctor\` to check it step by step.`;
}
