import type { RedisSettings, SchemaRegistrySettings } from "@millrace/connections";
import type { KafkaSettings, TopicSettings } from "@millrace/kafka";
import type { EmbeddingSettings, EventTopicSettings, TokenSettings } from "@millrace/shared";
import type { ExaminedOpenSearch, ExaminedPostgres } from "./stores.ts";

export const processNames = ["ingest", "embed", "sink", "api"] as const;
export type ExaminedProcess = (typeof processNames)[number];
/** A set of rights: a process's, or a command's (`millrace verify`, `dead-letters`, `trace`, `cost`). */
export const roleNames = [...processNames, "cli"] as const;
export type RoleName = (typeof roleNames)[number];
/** `all`: the needs of the four processes together. */
export type Subject = RoleName | "all";

/** The settings that rights and policies are derived from; a process has those of the services that it uses. */
export type DoctorSettings = KafkaSettings &
  TopicSettings &
  RedisSettings &
  Partial<
    ExaminedPostgres &
      ExaminedOpenSearch &
      EmbeddingSettings &
      SchemaRegistrySettings &
      EventTopicSettings &
      TokenSettings & { EMBED_URL: string | undefined }
  >;

/** What the rights on Kafka are derived from. */
export type KafkaRightsSettings = KafkaSettings & TopicSettings & Partial<DoctorSettings>;

export function rolesOf(subject: Subject): readonly RoleName[] {
  return subject === "all" ? processNames : [subject];
}
