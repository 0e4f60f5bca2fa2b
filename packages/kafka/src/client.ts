/// <reference path="./codecs.d.ts" />
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { AwsCredentialsProvider } from "@millrace/connections";
import type { Log } from "@millrace/shared";
import kafkajs, { type Kafka, type KafkaConfig, type RetryOptions } from "kafkajs";
import snappy from "kafkajs-snappy";
import * as lz4 from "lz4js";
import { kafkaSecurity } from "./security.ts";
import type { KafkaSettings } from "./settings.ts";

// kafkajs is CommonJS: its values come through the default export.
const { CompressionCodecs, CompressionTypes, logLevel } = kafkajs;

// The producers of source topics choose the compression; kafkajs includes gzip only.
CompressionCodecs[CompressionTypes.Snappy] = snappy;
CompressionCodecs[CompressionTypes.LZ4] = codec(lz4.compress, lz4.decompress);
CompressionCodecs[CompressionTypes.ZSTD] = codec(zstdCompressSync, zstdDecompressSync);

function codec(compress: (bytes: Uint8Array) => Uint8Array, decompress: (bytes: Uint8Array) => Uint8Array) {
  return () => ({
    compress: async (encoder: { buffer: Buffer }) => Buffer.from(compress(encoder.buffer)),
    decompress: async (buffer: Buffer) => Buffer.from(decompress(buffer)),
  });
}

export type { Kafka } from "kafkajs";

/** Few and short: the callers wait for an outage themselves, visibly. */
const RETRY: RetryOptions = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };

/**
 * A kafkajs client, which opens no connection yet. kafkajs's own log goes to `LOG_LEVEL=debug`: the modules beside this
 * one log the events that matter as actions.
 *
 * @param credentials sign MSK's tokens; absent: the default provider chain
 */
export function createKafka(
  settings: KafkaSettings,
  clientId: string,
  log: Log,
  credentials?: AwsCredentialsProvider,
  retry: RetryOptions = RETRY,
): Kafka {
  const config: KafkaConfig = {
    clientId,
    brokers: settings.KAFKA_BOOTSTRAP_SERVERS,
    connectionTimeout: settings.KAFKA_CONNECTION_TIMEOUT_MS,
    requestTimeout: settings.KAFKA_REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    ...kafkaSecurity(settings, credentials),
    retry,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => log.debug("kafka.client", { client: entry.log.message, namespace: entry.namespace }),
  };
  return new kafkajs.Kafka(config);
}
