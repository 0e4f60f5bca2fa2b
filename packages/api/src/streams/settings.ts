import { variable } from "@millrace/shared";
import type { z } from "zod";

export const streamSettings = {
  STREAM_CLIENTS_MAX: variable.integer(1, 100_000).default(2_000).meta({
    description: "Most clients of this process's streams; more are answered 503.",
  }),
  STREAM_CLIENT_BUFFER_BYTES: variable.integer(65_536, 1_073_741_824).default(2_097_152).meta({
    description:
      "Most bytes that wait for one client of a stream; what comes beyond them it misses, and is told how many.",
  }),
  STREAM_RECENT_BYTES: variable.integer(65_536, 1_073_741_824).default(16_777_216).meta({
    description: "Newest events of a followed topic that are kept in memory, for clients that come back.",
  }),
  STREAM_GATHER_MS: variable.integer(0, 10_000).default(50).meta({
    description: "How long events are gathered before they go to the clients together.",
  }),
  STREAM_PING_INTERVAL_MS: variable.integer(100, 600_000).default(15_000).meta({
    description:
      "Time between two pings; a client that has not answered the last one, or taken nothing since, is cut off.",
  }),
  STREAM_TOKEN_TIMEOUT_MS: variable.integer(100, 60_000).default(5_000).meta({
    description: "Time for a WebSocket that came without a token to send it.",
  }),
};
export type StreamSettings = z.output<z.ZodObject<typeof streamSettings>>;
