export { type SinkConfig, sinkConfig } from "./config.ts";
export { preparationSettings } from "./preparation-settings.ts";
