import { randomUUID } from "node:crypto";
import { bodyOf, isolated, openTestApp, postJson, type TestApp } from "./support.ts";

export interface Answer {
  events: ({ event_id: string; id: string; partition: number; offset: number; timestamp: string } | null)[];
  errors: { index: number; code: string; message: string; retryable: boolean; errors?: { path: string }[] }[];
}

export interface Latest {
  events: {
    id: string;
    partition: number;
    offset: number;
    timestamp: string;
    key: string | null;
    event: Record<string, unknown> | null;
    error?: string;
  }[];
}

/** The api on loopback, without authentication unless the environment configures it. */
export function openEventsApp(environment: Record<string, string> = {}): TestApp {
  const suffix = randomUUID();
  return openTestApp({
    ...isolated(),
    HOST: "127.0.0.1",
    EVENTS_TOPIC_PATTERN: `[a-z]+-${suffix}[a-z0-9-]*`,
    EVENTS_DLQ_TOPIC: `dlq-${suffix}`,
    ...environment,
  });
}

let topics = 0;
/** A name allowed by the app's EVENTS_TOPIC_PATTERN. */
export function newTopic({ config }: TestApp): string {
  return `events-${config.EVENTS_TOPIC_PATTERN.slice("[a-z]+-".length, -"[a-z0-9-]*".length)}-${topics++}`;
}

export function publish(api: TestApp, topic: string, body: unknown, headers: Record<string, string> = {}) {
  const { headers: json, ...init } = postJson(body);
  return api.app.request(`/api/v1/events/${topic}`, { ...init, headers: { ...(json as object), ...headers } });
}

export async function published(api: TestApp, topic: string, body: unknown): Promise<Answer> {
  const response = await publish(api, topic, body);
  if (response.status > 207) throw new Error(await response.text());
  return bodyOf<Answer>(response);
}

export async function latest(api: TestApp, topic: string, limit: number): Promise<Latest["events"]> {
  const response = await api.app.request(`/api/v1/events/${topic}/latest?limit=${limit}`);
  if (response.status !== 200) throw new Error(await response.text());
  return (await bodyOf<Latest>(response)).events;
}
