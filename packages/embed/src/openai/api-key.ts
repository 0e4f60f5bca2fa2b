import { awsCredentials, openSecret, type SecretReader } from "@millrace/connections";
import { type Patience, retryUntilDone } from "@millrace/shared";
import type { EmbedConfig } from "../config.ts";

/** The key of the API, which may change while the process lives. */
export interface ApiKey extends Disposable {
  /** `undefined` until it was read for the first time, and for a provider that has none. */
  readonly current: string | undefined;
  /** Resolves when there is a key to begin with. */
  untilRead(): Promise<void>;
  /** To be called when the API refused a key: reads it again, unless there is another one by now. Never fails. */
  refused(key: string): Promise<void>;
}

/** After a refusal the secret is read again, but not sooner than this after it was read last. */
const REREAD_MIN_MS = 1_000;
const READ_TIMEOUT_MS = 10_000;

/** A key from the environment, or none: it lasts as long as the process. */
export function fixedKey(current: string | undefined): ApiKey {
  return {
    current,
    untilRead: async () => undefined,
    refused: async () => undefined,
    [Symbol.dispose]: () => undefined,
  };
}

/** The key that lies in AWS Secrets Manager. Nothing is read before `untilRead` asks for it. */
export async function openSecretKey(arn: string, config: EmbedConfig, patience: Patience): Promise<ApiKey> {
  const location = { arn, field: config.OPENAI_API_KEY_SECRET_FIELD };
  const read = await openSecret(location, awsCredentials(config.AWS_ROLE_SESSION_NAME), READ_TIMEOUT_MS);
  return new SecretKey(read, config.OPENAI_API_KEY_REFRESH_S * 1_000, patience);
}

/**
 * A key that is read at the start, however long that takes; again at an interval; and when the API refuses it, so that
 * a rotated key is used within a retry. Where it can't be read again, the one at hand is used on.
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

  /** One request, however many ask for it at once. */
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
