import type { BackgroundWork } from "@millrace/shared";

/** How a client gets its tokens. */
export interface TokenOptions {
  /** Returns a token that is valid now. */
  password: () => Promise<string>;
  /** How often a living connection authenticates again. */
  reauthenticationMs: number;
  /** Shows that a living connection can't authenticate again. */
  reauthentication: BackgroundWork;
}

/** How soon a token that could not be signed is requested again. */
const TOKEN_RETRY_MS = 1_000;
/** How soon an authentication that failed on a living connection is repeated. */
const REAUTHENTICATION_RETRY_MS = 60_000;

interface TokenClientSteps {
  /** Gets a token and sets it, for the connections that are opened next. */
  setToken(): Promise<void>;
  connect(): Promise<void>;
  failed(error: unknown): void;
}

/** Connects a client, always with a valid token. Without one it asks again every second. */
export class TokenConnector {
  readonly #steps: TokenClientSteps;
  #connecting: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(steps: TokenClientSteps) {
    this.#steps = steps;
  }

  /** Concurrent calls share one attempt. */
  connect(): Promise<void> {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** @param reconnect whether the client is about to connect again */
  disconnected(reconnect: boolean): void {
    this.#isClosed = !reconnect;
    if (!reconnect) clearTimeout(this.#retry);
  }

  async #connect(): Promise<void> {
    try {
      await this.#steps.setToken();
    } catch (error) {
      this.#steps.failed(error);
      clearTimeout(this.#retry);
      if (!this.#isClosed) {
        this.#retry = setTimeout(() => void this.connect().catch(() => undefined), TOKEN_RETRY_MS).unref();
      }
      throw error;
    }
    if (!this.#isClosed) await this.#steps.connect();
  }
}

/**
 * Authenticates again on living connections, at an interval, since ElastiCache closes a connection 12 hours after its last
 * authentication. A connection that can't is as good as before until the server closes it, so this is tried again soon.
 */
export class Reauthentication {
  readonly #intervalMs: number;
  readonly #work: BackgroundWork;
  readonly #authenticate: () => Promise<unknown>;
  #timer: NodeJS.Timeout | undefined;

  constructor({ reauthenticationMs, reauthentication }: TokenOptions, authenticate: () => Promise<unknown>) {
    this.#intervalMs = reauthenticationMs;
    this.#work = reauthentication;
    this.#authenticate = authenticate;
  }

  /** The connection has just authenticated. */
  start(): void {
    this.#work.succeeded();
    this.#scheduleIn(this.#intervalMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #scheduleIn(delayMs: number): void {
    this.stop();
    const timer = setTimeout(() => void this.#run(timer), delayMs).unref();
    this.#timer = timer;
  }

  async #run(timer: NodeJS.Timeout): Promise<void> {
    let delayMs = this.#intervalMs;
    try {
      await this.#work.run(this.#authenticate);
    } catch {
      delayMs = Math.min(REAUTHENTICATION_RETRY_MS, this.#intervalMs);
    }
    // Otherwise it was stopped or started meanwhile: the connection is another one.
    if (timer === this.#timer) this.#scheduleIn(delayMs);
  }
}
