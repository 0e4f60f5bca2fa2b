import { Cluster, type ClusterNode, type ClusterOptions, type Redis } from "ioredis";

type Options = ClusterOptions & {
  redisOptions: NonNullable<ClusterOptions["redisOptions"]> & { replyMapping?: "legacy" };
};

/** How soon a token is asked for again when there was none. */
const TOKEN_RETRY_MS = 1_000;
/** How often the token at hand is looked after; it holds for 15 minutes, and is replaced only shortly before its end. */
const TOKEN_RENEWAL_MS = 10_000;

/**
 * A client of a Redis cluster whose connections authenticate by tokens.
 *
 * A cluster's client opens connections whenever it learns of nodes, without asking anybody: a password that is asked for
 * before each one, as `TokenRedis` does it, is not to be had. So a valid token is at hand at any time instead, and each
 * node's options read it at the moment of its connection, by a getter. What ioredis opens beside a node's own connection, to
 * ask for the slots, takes its password from the same options.
 *
 * ElastiCache closes a connection 12 hours after its last authentication, so each living one authenticates again before.
 */
export class TokenCluster extends Cluster {
  readonly #password: () => Promise<string>;
  readonly #renewal: NodeJS.Timeout;
  readonly #reauthentication: NodeJS.Timeout;
  #token = "";
  #connecting: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    startupNodes: ClusterNode[],
    options: Options,
    password: () => Promise<string>,
    reauthenticationIntervalMs: number,
  ) {
    // Else the first connection would begin within this call, before there is a token.
    super(startupNodes, { ...options, lazyConnect: true });
    this.#password = password;
    this.on("+node", (node: Redis) => {
      Object.defineProperty(node.options, "password", { enumerable: true, get: () => this.#token });
    });
    const renewalMs = Math.min(TOKEN_RENEWAL_MS, reauthenticationIntervalMs);
    this.#renewal = setInterval(() => void this.#renew().catch(() => undefined), renewalMs).unref();
    this.#reauthentication = setInterval(() => void this.#reauthenticate(), reauthenticationIntervalMs).unref();
  }

  /** Called by ioredis itself too: when it lost every node, and for each command before the first connection. */
  override connect(): Promise<void> {
    this.#connecting ??= this.#connectWithToken().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  override disconnect(reconnect = false): void {
    this.#closed = !reconnect;
    if (!reconnect) for (const timer of [this.#renewal, this.#reauthentication, this.#retry]) clearTimeout(timer);
    super.disconnect(reconnect);
  }

  async #connectWithToken(): Promise<void> {
    try {
      await this.#renew();
    } catch (error) {
      this.emit("error", error);
      clearTimeout(this.#retry);
      if (this.#closed) throw error;
      this.#retry = setTimeout(() => void this.connect().catch(() => undefined), TOKEN_RETRY_MS).unref();
      throw error;
    }
    if (!this.#closed) await super.connect();
  }

  async #renew(): Promise<void> {
    this.#token = await this.#password();
  }

  /** A connection that can't authenticate again is as good as before, for as long as the server keeps it. */
  async #reauthenticate(): Promise<void> {
    await this.#renew().catch(() => undefined);
    const living = this.nodes("all").filter(({ status }) => status === "ready");
    await Promise.allSettled(living.map((node) => node.auth(node.options.username ?? "default", this.#token)));
  }
}
