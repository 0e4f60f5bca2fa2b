import { variable } from "@millrace/shared";
import type { z } from "zod";

export const streamSettings = {
  STREAM_CLIENTS_MAX: variable.integer(1, 100_000).default(2_000).meta({
    description: "Maximum stream clients per process; further clients receive 503.",
  }),
  STREAM_CLIENT_BUFFER_BYTES: variable.integer(65_536, 1_073_741_824).default(2_097_152).meta({
    description:
      "Maximum bytes buffered per stream client; a client that falls further behind skips events and receives their number.",
  }),
  STREAM_RECENT_BYTES: variable.integer(65_536, 1_073_741_824).default(16_777_216).meta({
    description: "Bytes of the newest events kept in memory per streamed topic, for clients that reconnect.",
  }),
  STREAM_GATHER_MS: variable.integer(0, 10_000).default(50).meta({
    description: "Time in which events are collected before they are sent to the clients together.",
  }),
  STREAM_PING_INTERVAL_MS: variable.integer(100, 600_000).default(15_000).meta({
    description:
      "Time between two pings; a client that has not responded to the last one, or read nothing since, is disconnected.",
  }),
  STREAM_TOKEN_TIMEOUT_MS: variable.integer(100, 60_000).default(5_000).meta({
    description: "Time for a WebSocket client to send its token after a handshake without one.",
  }),
};
export type StreamSettings = z.output<z.ZodObject<typeof streamSettings>>;
