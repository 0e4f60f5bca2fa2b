export { OpenSearchClient, openOpenSearch } from "./client.ts";
export { type OpenSearchSettings, openSearchSettings } from "./settings.ts";
