import { readFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer } from "node:tls";

export interface RedisAuthenticator extends AsyncDisposable {
  port: number;
  /** The passwords received, in order. */
  passwords: string[];
  refusals: string[];
  /** Connections so far, open or not. */
  connections(): number;
  /** Closes every connection, as a failover does. */
  hangUp(): void;
}

/** Returns why a user's password is refused, or `undefined`. */
type Judge = (user: string, password: string) => string | undefined;

/**
 * A TLS server in front of a real Redis that judges each AUTH and blocks everything before it. Like ElastiCache after
 * 12 hours, it closes a connection `sessionMaxMs` after its last authentication.
 */
export async function startRedisAuthenticator(
  certificate: { certificatePath: string; keyPath: string },
  target: { host: string; port: number },
  sessionMaxMs: number,
  judge: Judge,
): Promise<RedisAuthenticator> {
  const passwords: string[] = [];
  const refusals: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const judgeAndNote: Judge = (user, password) => {
    passwords.push(password);
    const refusal = judge(user, password);
    if (refusal !== undefined) refusals.push(refusal);
    return refusal;
  };
  const tls = { cert: readFileSync(certificate.certificatePath), key: readFileSync(certificate.keyPath) };
  const server = createServer(tls, (socket) => {
    connections++;
    const backend = connect(target);
    for (const each of [socket, backend]) sockets.add(each);
    serve(socket, backend, sessionMaxMs, judgeAndNote);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    ...{ port, passwords, refusals, hangUp, connections: () => connections },
    async [Symbol.asyncDispose]() {
      hangUp();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Serves one client's connection until either side closes. */
function serve(socket: Socket, backend: Socket, sessionMaxMs: number, judge: Judge): void {
  let session: NodeJS.Timeout | undefined;
  let pending = Buffer.alloc(0);
  const joinEnds = (each: Socket, other: Socket): void => {
    each.on("error", () => undefined);
    each.on("close", () => {
      clearTimeout(session);
      other.destroy();
    });
  };
  joinEnds(socket, backend);
  joinEnds(backend, socket);
  backend.pipe(socket);
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (let command = parseCommand(pending); command; command = parseCommand(pending)) {
      const bytes = pending.subarray(0, command.size);
      pending = pending.subarray(command.size);
      const login = parseLogin(command.parts);
      if (login) logIn(login);
      else if (session) backend.write(bytes);
      else socket.write("-NOAUTH Authentication required.\r\n");
    }
  });

  function logIn({ hello, user, password }: Login): void {
    if (judge(user, password) !== undefined) {
      socket.write("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
      return;
    }
    clearTimeout(session);
    session = setTimeout(() => socket.destroy(), sessionMaxMs);
    // SELECT answers +OK like AUTH, in order with the responses that are still outstanding.
    backend.write(hello ? "HELLO 3\r\n" : "SELECT 0\r\n");
  }
}

interface Login {
  hello: boolean;
  user: string;
  password: string;
}

/** `AUTH user password`, or `HELLO 3 AUTH user password`, which starts a RESP3 connection. */
function parseLogin(parts: readonly string[]): Login | undefined {
  const hello = parts[0]?.toLowerCase() === "hello";
  const [name, user = "", password = ""] = hello ? parts.slice(2) : parts;
  return name?.toLowerCase() === "auth" ? { hello, user, password } : undefined;
}

/** RESP: `*2\r\n$3\r\nGET\r\n$1\r\na\r\n`; `undefined` while it is incomplete. */
function parseCommand(bytes: Buffer): { parts: string[]; size: number } | undefined {
  let position = 0;
  const line = (): string | undefined => {
    const end = bytes.indexOf("\r\n", position);
    if (end < 0) return undefined;
    const text = bytes.toString("latin1", position, end);
    position = end + 2;
    return text;
  };
  const count = Number(line()?.slice(1) ?? Number.NaN);
  const parts: string[] = [];
  while (parts.length < count) {
    const length = Number(line()?.slice(1) ?? Number.NaN);
    if (!(bytes.length >= position + length + 2)) return undefined;
    parts.push(bytes.toString("utf8", position, position + length));
    position += length + 2;
  }
  return Number.isNaN(count) ? undefined : { parts, size: position };
}
