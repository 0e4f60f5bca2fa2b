import { Cluster, type ClusterNode, type ClusterOptions, type Redis } from "ioredis";
import { Reauthentication, TokenConnector, type TokenOptions } from "./token-client.ts";

type Options = ClusterOptions & {
  redisOptions: NonNullable<ClusterOptions["redisOptions"]> & { replyMapping?: "legacy" };
};

/** How often the current token is checked; it is valid for 15 minutes, and is replaced only shortly before its end. */
const TOKEN_RENEWAL_MS = 10_000;

/**
 * A client of a Redis cluster whose connections authenticate by tokens.
 *
 * A cluster's client opens a connection whenever it learns of a node, without a hook that could get a token first, as
 * `TokenRedis` does. So a valid token is kept at all times, and each node's options return it by a getter when the node
 * connects. The connections that ioredis opens to ask for the slots take their password from the same options.
 */
export class TokenCluster extends Cluster {
  readonly #tokens: TokenOptions;
  readonly #connector: TokenConnector;
  readonly #reauthentication: Reauthentication;
  readonly #renewal: NodeJS.Timeout;
  #token = "";

  constructor(startupNodes: ClusterNode[], options: Options, tokens: TokenOptions) {
    // Otherwise the first connection would begin within this call, before there is a token.
    super(startupNodes, { ...options, lazyConnect: true });
    this.#tokens = tokens;
    this.#connector = new TokenConnector({
      setToken: () => this.#renew(),
      connect: () => super.connect(),
      failed: (error) => this.emit("error", error),
    });
    this.on("+node", (node: Redis) => {
      Object.defineProperty(node.options, "password", { enumerable: true, get: () => this.#token });
    });
    const renewalMs = Math.min(TOKEN_RENEWAL_MS, tokens.reauthenticationMs);
    this.#renewal = setInterval(() => void this.#renew().catch(() => undefined), renewalMs).unref();
    this.#reauthentication = new Reauthentication(tokens, () => this.#reauthenticate());
    this.#reauthentication.start();
  }

  /** ioredis calls this too: when it lost every node, and for each command before the first connection. */
  override connect(): Promise<void> {
    return this.#connector.connect();
  }

  override disconnect(reconnect = false): void {
    this.#connector.disconnected(reconnect);
    if (!reconnect) {
      clearInterval(this.#renewal);
      this.#reauthentication.stop();
    }
    super.disconnect(reconnect);
  }

  async #renew(): Promise<void> {
    this.#token = await this.#tokens.password();
  }

  async #reauthenticate(): Promise<void> {
    // The current token may still be valid.
    await this.#renew().catch(() => undefined);
    const living = this.nodes("all").filter(({ status }) => status === "ready");
    await Promise.all(living.map((node) => node.auth(node.options.username ?? "default", this.#token)));
  }
}
