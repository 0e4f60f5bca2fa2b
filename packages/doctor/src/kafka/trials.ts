import { protocolError } from "@millrace/kafka";
import { describeCause } from "@millrace/shared";
import type { CheckFailure, Need } from "../report.ts";

/** A request that shows whether an action is allowed, and the permission it needs. */
export interface Trial {
  need: Need;
  request: () => Promise<unknown>;
}

/** Tries all, one at a time: the first read opens the client's connection for reads. */
export async function tryAll(trials: readonly Trial[], who: string): Promise<string | CheckFailure> {
  const denied: Denied[] = [];
  for (const trial of trials) {
    const said = await denialOf(trial);
    if (said !== undefined) denied.push({ ...trial, said });
  }
  const [first] = denied;
  return first ? denial(denied, first.said, who) : `${trials.length} allowed`;
}

export function trialsOf(
  names: readonly string[],
  need: (name: string) => Need,
  request: (name: string) => Promise<unknown>,
): Trial[] {
  return names.map((name) => ({ need: need(name), request: () => request(exampleOf(name)) }));
}

/** A permission for a prefix is tried with one name of that prefix, which no topic has. */
function exampleOf(name: string): string {
  return name.replace(/\*$/, "millrace-doctor");
}

type Denied = Trial & { said: string };

/**
 * Returns the cause of a denial. Other protocol errors are none: an allowed request is answered that the partition is
 * unknown.
 */
async function denialOf(trial: Trial): Promise<string | undefined> {
  try {
    await trial.request();
    return undefined;
  } catch (error) {
    const type = protocolError(error);
    if (type === undefined) throw error;
    const denied = type.endsWith("AUTHORIZATION_FAILED") && !deniedElsewhere(trial, type);
    return denied ? `${type}: ${describeCause(error)}` : undefined;
  }
}

/** A commit needs the topic too, which the read has already checked. */
function deniedElsewhere({ need }: Trial, type: string): boolean {
  return need.on === "group" && type === "TOPIC_AUTHORIZATION_FAILED";
}

function denial(denied: readonly Denied[], said: string, who: string): CheckFailure {
  const missing = denied.map(({ need }) => need);
  const actions = missing.map(({ action, name = "the cluster" }) => `${action} on ${name}`).join(", ");
  return { code: "kafka_denied", tried: `as ${who}, ${actions}`, said, missing, names: { actions } };
}

export async function missingTopics(topics: readonly string[], describe: (topic: string) => Promise<unknown>) {
  const missing: string[] = [];
  for (const topic of topics) {
    try {
      await describe(exampleOf(topic));
    } catch (error) {
      if (protocolError(error) === "UNKNOWN_TOPIC_OR_PARTITION") missing.push(topic);
    }
  }
  return missing;
}

export function topicsMissing(topics: readonly string[]): CheckFailure {
  const names = { topics: topics.join(", ") };
  return { code: "kafka_topic_missing", tried: `describe ${names.topics}`, said: "UNKNOWN_TOPIC_OR_PARTITION", names };
}
