import { Redis, type RedisOptions } from "ioredis";

/** How soon a token is asked for again when there was none. */
const TOKEN_RETRY_MS = 1_000;
/** How soon an authentication that failed on a living connection is tried again. */
const REAUTHENTICATION_RETRY_MS = 60_000;

/**
 * A Redis client whose password is asked for before each connection, the first and every later one. ioredis takes a
 * text alone and reads it as a connection begins, so it is set right before that.
 *
 * ElastiCache closes a connection 12 hours after its last authentication. Before that, the client authenticates again
 * on the living connection, so that no command meets a closed one.
 */
export class TokenRedis extends Redis {
  readonly #password: () => Promise<string>;
  readonly #reauthenticationIntervalMs: number;
  #connecting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    options: RedisOptions & { replyMapping?: "legacy" },
    password: () => Promise<string>,
    reauthenticationIntervalMs: number,
  ) {
    // Else the first connection would begin within this call, before there is a password.
    super({ ...options, lazyConnect: true });
    this.#password = password;
    this.#reauthenticationIntervalMs = reauthenticationIntervalMs;
    this.on("ready", () => this.#reauthenticateIn(reauthenticationIntervalMs));
    this.on("close", () => clearTimeout(this.#timer));
  }

  /** Called by ioredis itself for each reconnection, and for each command before the first one. */
  override connect(): Promise<void> {
    this.#connecting ??= this.#connectWithToken().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  override disconnect(reconnect = false): void {
    this.#closed = !reconnect;
    clearTimeout(this.#timer);
    super.disconnect(reconnect);
  }

  async #connectWithToken(): Promise<void> {
    try {
      this.options.password = await this.#password();
    } catch (error) {
      this.emit("error", error);
      this.#after(TOKEN_RETRY_MS, () => void this.connect().catch(() => undefined));
      throw error;
    }
    if (!this.#closed) await super.connect();
  }

  #reauthenticateIn(delayMs: number): void {
    this.#after(delayMs, () => {
      this.#reauthenticate().then(
        () => this.#reauthenticateIn(this.#reauthenticationIntervalMs),
        // The connection is as good as before, for as long as the server keeps it.
        () => this.#reauthenticateIn(Math.min(REAUTHENTICATION_RETRY_MS, this.#reauthenticationIntervalMs)),
      );
    });
  }

  async #reauthenticate(): Promise<void> {
    await this.auth(this.options.username ?? "default", await this.#password());
  }

  #after(delayMs: number, run: () => void): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(run, delayMs);
    this.#timer.unref();
  }
}
