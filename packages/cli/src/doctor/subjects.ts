import { checkIdentity, redisSettings, schemaRegistrySettings } from "@millrace/connections";
import {
  type DoctorSettings,
  type Examination,
  examineCommon,
  examineEmbedding,
  examineEmbedRoute,
  examineOpenSearch,
  examinePostgres,
  type ListExaminations,
  type Subject,
  type Surroundings,
  usesOpenAi,
} from "@millrace/doctor";
import { kafkaSettings, topicSettings } from "@millrace/kafka";
import { openOpenSearch, openSearchSettings } from "@millrace/opensearch";
import { openPostgres, postgresSettings } from "@millrace/postgres";
import {
  checkEmbeddingKey,
  type EmbeddingSettings,
  embeddingSettings,
  embedRouteSettings,
  eventTopicSettings,
  LOCAL_DIMENSIONS,
  openAiDimensions,
  readConfiguration,
  type Settings,
  tokenSettings,
  variable,
} from "@millrace/shared";
import { preparationSettings } from "@millrace/sink";
import { z } from "zod";

const messages = { ...kafkaSettings, ...topicSettings, ...redisSettings };
const stores = { ...postgresSettings, ...openSearchSettings };

/** The settings and examinations of `millrace doctor` for one process, or for all of them together. */
const subjects = {
  ingest: subject(z.object({ ...messages, ...schemaRegistrySettings }), (settings, surroundings) =>
    examineCommon("ingest", settings, surroundings),
  ),
  embed: subject(
    z.object({ ...messages, ...embeddingSettings }).superRefine(checkEmbeddingKey),
    (settings, surroundings) => [
      ...examineCommon("embed", settings, surroundings),
      ...examineEmbedding(settings, surroundings),
    ],
  ),
  sink: subject(z.object({ ...messages, ...stores, ...preparationSettings }), (settings, surroundings) => [
    ...examineCommon("sink", settings, surroundings),
    ...examineStores("sink", settings, surroundings),
  ]),
  api: subject(
    z.object({
      ...messages,
      ...stores,
      ...schemaRegistrySettings,
      ...embedRouteSettings,
      ...eventTopicSettings,
      ...tokenSettings,
    }),
    (settings, surroundings) => [
      ...examineCommon("api", settings, surroundings),
      ...examineStores("api", settings, surroundings),
      ...examineEmbedRoute(settings),
    ],
  ),
  cli: subject(z.object({ ...messages, ...stores }), (settings, surroundings) => [
    ...examineCommon("cli", settings, surroundings),
    ...examineStores("cli", settings, surroundings),
  ]),
  all: subject(
    z
      .object({
        ...messages,
        ...stores,
        ...preparationSettings,
        ...embeddingSettings,
        ...schemaRegistrySettings,
        ...eventTopicSettings,
        ...tokenSettings,
        // The embed process may not run yet: its route is only examined if this is set.
        EMBED_URL: variable.url().optional(),
      })
      .superRefine(checkEmbeddingKey),
    (settings, surroundings) => [
      ...examineCommon("all", settings, surroundings),
      ...examineEmbedding(settings, surroundings),
      ...examineStores("all", settings, surroundings, expectedDimensions(settings)),
      ...examineEmbedRoute(settings),
    ],
  ),
};

export interface ReadSubject {
  settings: DoctorSettings;
  examinationsOf: ListExaminations;
}

/** @throws ConfigurationError with every problem of the subject's variables */
export function readSubject(name: Subject, environment: NodeJS.ProcessEnv): ReadSubject {
  return subjects[name](environment);
}

function subject<Schema extends Settings>(
  schema: Schema,
  examine: (settings: z.output<Schema>, surroundings: Surroundings) => readonly Examination[],
) {
  return (environment: NodeJS.ProcessEnv): { settings: z.output<Schema>; examinationsOf: ListExaminations } => {
    const settings = readConfiguration(schema.superRefine(checkIdentity), environment);
    return { settings, examinationsOf: (surroundings) => examine(settings, surroundings) };
  };
}

function examineStores(
  name: Subject,
  settings: DoctorSettings & Parameters<typeof openPostgres>[0] & Parameters<typeof openOpenSearch>[0],
  { credentials }: Surroundings,
  dimensions?: number,
): Examination[] {
  const writes = name === "sink" || name === "all";
  return [
    examinePostgres(settings, openPostgres, { writes, credentials }),
    examineOpenSearch(name, settings, openOpenSearch, { dimensions, credentials }),
  ];
}

/** The length of future vectors, which only embed's settings determine. */
function expectedDimensions(settings: EmbeddingSettings): number | undefined {
  return usesOpenAi(settings) ? openAiDimensions(settings) : LOCAL_DIMENSIONS;
}
