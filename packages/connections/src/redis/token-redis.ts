import { Redis, type RedisOptions } from "ioredis";
import { Reauthentication, TokenConnector, type TokenOptions } from "./token-client.ts";

/**
 * A Redis client that gets a token before each connection, the first and every later one. ioredis takes only a string as
 * password, and reads it when a connection begins, so the token is set right before that.
 */
export class TokenRedis extends Redis {
  readonly #connector: TokenConnector;
  readonly #reauthentication: Reauthentication;

  constructor(options: RedisOptions & { replyMapping?: "legacy" }, tokens: TokenOptions) {
    // Otherwise the first connection would begin within this call, before there is a token.
    super({ ...options, lazyConnect: true });
    this.#connector = new TokenConnector({
      setToken: async () => {
        this.options.password = await tokens.password();
      },
      connect: () => super.connect(),
      failed: (error) => this.emit("error", error),
    });
    this.#reauthentication = new Reauthentication(tokens, async () =>
      this.auth(this.options.username ?? "default", await tokens.password()),
    );
    this.on("ready", () => this.#reauthentication.start());
    this.on("close", () => this.#reauthentication.stop());
  }

  /** ioredis calls this too: for each reconnection, and for each command before the first connection. */
  override connect(): Promise<void> {
    return this.#connector.connect();
  }

  override disconnect(reconnect = false): void {
    this.#connector.disconnected(reconnect);
    this.#reauthentication.stop();
    super.disconnect(reconnect);
  }
}
