import type { RedisSettings, SchemaRegistrySettings } from "@millrace/connections";
import type { KafkaSettings, TopicSettings } from "@millrace/kafka";
import type { EmbeddingSettings, EventTopicSettings, TokenSettings } from "@millrace/shared";
import type { ExaminedOpenSearch, ExaminedPostgres } from "./stores.ts";

export const processNames = ["ingest", "embed", "sink", "api"] as const;
export type ExaminedProcess = (typeof processNames)[number];
/** A set of permissions: of a process, or of the commands `millrace verify`, `dead-letters`, `trace` and `cost`. */
export const roleNames = [...processNames, "cli"] as const;
export type RoleName = (typeof roleNames)[number];
/** `all`: the needs of the four processes together. */
export type Subject = RoleName | "all";

/** The settings from which permissions and policies derive; a process has those of its own services. */
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

/** The settings from which permissions on Kafka derive. */
export type KafkaRightsSettings = KafkaSettings & TopicSettings & Partial<DoctorSettings>;

export function rolesOf(subject: Subject): readonly RoleName[] {
  return subject === "all" ? processNames : [subject];
}
