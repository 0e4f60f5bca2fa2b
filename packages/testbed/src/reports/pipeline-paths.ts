/** The code of the processes that carry messages, for the reports about them. */
export const pipelinePaths = [
  "packages/shared/src",
  "packages/connections/src",
  "packages/kafka/src",
  "packages/postgres/src",
  "packages/opensearch/src",
  "packages/stage/src",
  "packages/ingest/src",
  "packages/embed/src",
  "packages/sink/src",
  "packages/api/src",
  "patches",
];
