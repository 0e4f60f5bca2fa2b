import { awsCredentials, openSecret, type SecretReader } from "@millrace/connections";
import { type Patience, retryUntilDone } from "@millrace/shared";
import type { EmbedConfig } from "../config.ts";

/** The API key, which may change during the lifetime of the process. */
export interface ApiKey extends Disposable {
  /** `undefined` before the first read, and for a provider without a key. */
  readonly current: string | undefined;
  /** Resolves once there is a first key. */
  untilRead(): Promise<void>;
  /** Call this when the API rejects a key: reads the key again, unless it has changed already. Never fails. */
  refused(key: string): Promise<void>;
}

/** Minimum time between a read of the secret and another one after a rejection. */
const REREAD_MIN_MS = 1_000;
const READ_TIMEOUT_MS = 10_000;

/** A fixed key from the environment, or none. */
export function fixedKey(current: string | undefined): ApiKey {
  return {
    current,
    untilRead: async () => undefined,
    refused: async () => undefined,
    [Symbol.dispose]: () => undefined,
  };
}

/** A key in AWS Secrets Manager, first read by `untilRead`. */
export async function openSecretKey(arn: string, config: EmbedConfig, patience: Patience): Promise<ApiKey> {
  const location = { arn, field: config.OPENAI_API_KEY_SECRET_FIELD };
  const read = await openSecret(location, awsCredentials(config.AWS_ROLE_SESSION_NAME), READ_TIMEOUT_MS);
  return new SecretKey(read, config.OPENAI_API_KEY_REFRESH_S * 1_000, patience);
}

/**
 * Reads the key at startup, however long that takes, then at an interval, and when the API rejects it, so that a rotated
 * key is in use within one retry. If a later read fails, the current key stays in use.
 */
export class SecretKey implements ApiKey {
  current: string | undefined;
  #read: SecretReader;
  #refreshMs: number;
  #patience: Patience;
  #readAtMs = 0;
  #reading: Promise<void> | undefined;
  #refresh: NodeJS.Timeout | undefined;

  constructor(read: SecretReader, refreshMs: number, patience: Patience) {
    this.#read = read;
    this.#refreshMs = refreshMs;
    this.#patience = patience;
  }

  async untilRead(): Promise<void> {
    const operation = { dependency: "secrets-manager", action: "embed.api_key" } as const;
    this.current = await retryUntilDone(operation, this.#read, this.#patience);
    this.#readAtMs = Date.now();
    this.#refresh = setInterval(() => void this.#reread(), this.#refreshMs);
    this.#refresh.unref();
  }

  async refused(key: string): Promise<void> {
    if (key !== this.current || Date.now() - this.#readAtMs < REREAD_MIN_MS) return;
    await this.#reread();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#refresh);
  }

  /** Concurrent callers share one request. */
  #reread(): Promise<void> {
    this.#reading ??= this.#replace().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #replace(): Promise<void> {
    const { log, hardStop } = this.#patience;
    const startedAt = performance.now();
    const outcome = await this.#read(hardStop);
    this.#readAtMs = Date.now();
    const durationMs = performance.now() - startedAt;
    if ("fault" in outcome) log.record("embed.api_key", "retry", durationMs, { cause: outcome.fault.cause });
    else if (outcome.value !== this.current) {
      this.current = outcome.value;
      log.record("embed.api_key", "ok", durationMs, { replaced: true });
    }
  }
}
