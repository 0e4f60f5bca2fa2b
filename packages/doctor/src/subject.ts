import type { RedisSettings, SchemaRegistrySettings } from "@millrace/connections";
import type { KafkaSettings, TopicSettings } from "@millrace/kafka";
import type { OpenSearchSettings } from "@millrace/opensearch";
import type { PostgresSettings } from "@millrace/postgres";
import type { EmbeddingSettings, EventTopicSettings, TokenSettings } from "@millrace/shared";

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
    PostgresSettings &
      OpenSearchSettings &
      EmbeddingSettings &
      SchemaRegistrySettings &
      EventTopicSettings &
      TokenSettings & { POSTGRES_MIGRATE: boolean; OPENSEARCH_CREATE_INDEX: boolean; EMBED_URL: string | undefined }
  >;

/** The settings from which permissions on Kafka derive. */
export type KafkaRightsSettings = KafkaSettings & TopicSettings & Partial<DoctorSettings>;

export function rolesOf(subject: Subject): readonly RoleName[] {
  return subject === "all" ? processNames : [subject];
}
