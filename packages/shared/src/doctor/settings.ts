import { z } from "zod";
import { checkIdentity } from "../aws/check.ts";
import { readConfiguration, variable } from "../config.ts";
import { embedRouteSettings } from "../embed-route.ts";
import { eventTopicSettings, tokenSettings } from "../event-topics.ts";
import { schemaRegistrySettings } from "../schema-registry.ts";
import {
  checkEmbeddingKey,
  embeddingSettings,
  kafkaSettings,
  openSearchSettings,
  postgresSettings,
  preparationSettings,
  redisSettings,
  topicSettings,
} from "../settings.ts";

const messages = { ...kafkaSettings, ...topicSettings, ...redisSettings };
const stores = { ...postgresSettings, ...openSearchSettings };

/** What each process is told about its dependencies, in the groups that its own schema has. */
const schemas = {
  ingest: z.object({ ...messages, ...schemaRegistrySettings }),
  embed: z.object({ ...messages, ...embeddingSettings }),
  sink: z.object({ ...messages, ...stores, ...preparationSettings }),
  api: z.object({
    ...messages,
    ...stores,
    ...schemaRegistrySettings,
    ...embedRouteSettings,
    ...eventTopicSettings,
    ...tokenSettings,
  }),
  cli: z.object({ ...messages, ...stores }),
  all: z.object({
    ...messages,
    ...stores,
    ...preparationSettings,
    ...embeddingSettings,
    ...schemaRegistrySettings,
    ...eventTopicSettings,
    ...tokenSettings,
    // The embed process is one of them and may not run yet: it is looked for where this is set, and not by default.
    EMBED_URL: variable.url().optional(),
  }),
};

export const processNames = ["ingest", "embed", "sink", "api"] as const;
export type ProcessName = (typeof processNames)[number];
/** Whoever has rights of its own: a process, or a command beside them (`millrace verify`, `dead-letters`, `trace`, `cost`). */
export const roleNames = [...processNames, "cli"] as const;
export type RoleName = (typeof roleNames)[number];
/** `all`: what the four processes need together. */
export type Subject = RoleName | "all";

export type MessageSettings = z.output<z.ZodObject<typeof messages>>;
/** Of whichever process: what it does not use is absent. */
export type DoctorSettings = MessageSettings & Partial<z.output<typeof schemas.all>>;

const checked = {
  ...schemas,
  embed: schemas.embed.superRefine(checkEmbeddingKey),
  all: schemas.all.superRefine(checkEmbeddingKey),
};

/** Everything that is wrong is told at once, as by the process itself. */
export function readDoctorSettings(subject: Subject, environment: NodeJS.ProcessEnv): DoctorSettings {
  return readConfiguration(checked[subject].superRefine(checkIdentity), environment) as DoctorSettings;
}

export function rolesOf(subject: Subject): readonly RoleName[] {
  return subject === "all" ? processNames : [subject];
}
