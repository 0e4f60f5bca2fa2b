import { explainFailure, ReadFailed, SelectionTooLarge, type ServiceName } from "@millrace/shared";
import { CommandError } from "./errors.ts";

/** A service is away, refuses, or lacks what it is asked for. */
export class ServiceFailed extends Error {
  override readonly name = "ServiceFailed";
  readonly service: ServiceName;

  constructor(service: ServiceName, cause: unknown) {
    super(`${service} failed`, { cause });
    this.service = service;
  }
}

/** These say already what is to be done; and what the language itself throws is a bug, whoever was asked. */
const others = [CommandError, ReadFailed, SelectionTooLarge, TypeError];

/** Notes of what a request rejects with which service that was, since clients' errors do not tell. */
export async function ask<Value>(service: ServiceName, answer: Promise<Value>): Promise<Value> {
  try {
    return await answer;
  } catch (error) {
    throw others.some((type) => error instanceof type) ? error : new ServiceFailed(service, error);
  }
}

/** A line with the service, its address, what it said, and what to do about it. */
export async function explainService({ service, cause }: ServiceFailed): Promise<string> {
  const explained = await explainFailure(service, cause, process.env);
  return `${explained} \`millrace doctor\` tries it step by step.`;
}
