import { Client } from "@opensearch-project/opensearch";
import type { OpenSearchSettings } from "./settings.ts";
import type { Patience } from "./settle.ts";

export { Client as OpenSearchClient } from "@opensearch-project/opensearch";

/** A client without retries of its own: its callers tell faults apart item by item. It connects with the first request. */
export function openOpenSearch(settings: OpenSearchSettings, { health }: Patience): Client {
  health.starting("opensearch");
  return new Client({
    node: settings.OPENSEARCH_ENDPOINT,
    maxRetries: 0,
    requestTimeout: settings.OPENSEARCH_TIMEOUT_MS,
    ...(settings.OPENSEARCH_USERNAME && {
      auth: { username: settings.OPENSEARCH_USERNAME, password: settings.OPENSEARCH_PASSWORD ?? "" },
    }),
  });
}
