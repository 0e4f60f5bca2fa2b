import { ReadFailed, SelectionTooLarge } from "@millrace/kafka";
import { type CommandService, explainFailure } from "./doctor/explain-failure.ts";
import { CommandError } from "./errors.ts";

/** A service is unreachable, refuses, or lacks what was requested. */
export class ServiceFailed extends Error {
  override readonly name = "ServiceFailed";
  readonly service: CommandService;

  constructor(service: CommandService, cause: unknown) {
    super(`${service} failed`, { cause });
    this.service = service;
  }
}

/** These errors already say what to do, and a TypeError is a bug whichever service was called. */
const others = [CommandError, SelectionTooLarge, TypeError];

/** Attaches the service to an error of its client, since clients' errors do not name it. */
export async function ask<Value>(service: CommandService, answer: Promise<Value>): Promise<Value> {
  try {
    return await answer;
  } catch (error) {
    // An error without a cause reports how far the read came.
    const cause = error instanceof ReadFailed ? error.cause : error;
    if (cause === undefined || others.some((type) => cause instanceof type)) throw error;
    throw new ServiceFailed(service, cause);
  }
}

/** One line with the service, its address, the response, and what to do about it. */
export async function explainService({ service, cause }: ServiceFailed): Promise<string> {
  const explained = await explainFailure(service, cause, process.env);
  return `${explained} Run \`millrace doctor\` to check it step by step.`;
}
