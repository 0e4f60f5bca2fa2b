export { type IngestConfig, ingestConfig } from "./config.ts";
export { type Decoded, type DecodeRules, decode, decodeRules } from "./decode.ts";
export { type TextSettings, textSettings } from "./text-settings.ts";
export { tokensCharged, tokensOf } from "./tokens.ts";
