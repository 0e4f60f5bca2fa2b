import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { Client } from "pg";

/** https://www.postgresql.org/docs/18/protocol-message-formats.html */
const SSL_REQUEST = 80_877_103;
const AUTHENTICATION_OK = message("R", int32(0));
const AUTHENTICATION_CLEARTEXT_PASSWORD = message("R", int32(3));
const READY_FOR_QUERY = message("Z", Buffer.from("I"));

export interface PostgresAuthenticator extends AsyncDisposable {
  host: string;
  port: number;
  /** The passwords received, in order. */
  passwords: string[];
  /** Why connections were refused. */
  refusals: string[];
}

/**
 * Speaks PostgreSQL's start-up as RDS does with IAM (TLS is required, then a cleartext password), judges the password,
 * and connects accepted clients to a real PostgreSQL.
 *
 * @param judge returns why this user's password is refused, or `undefined`; called with `host:port` of this server
 */
export async function startPostgresAuthenticator(
  certificate: { certificatePath: string; keyPath: string },
  target: NodeJS.ProcessEnv,
  judge: (password: string, address: string, user: string) => string | undefined,
): Promise<PostgresAuthenticator> {
  const tls = { cert: readFileSync(certificate.certificatePath), key: readFileSync(certificate.keyPath) };
  const passwords: string[] = [];
  const refusals: string[] = [];
  const sockets = new Set<{ destroy(): unknown }>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  };
  const greet = async (plain: Socket): Promise<void> => {
    track(plain);
    const request = await read(plain, 8);
    if (request.readInt32BE(4) !== SSL_REQUEST) {
      refusals.push("no TLS");
      plain.destroy();
      return;
    }
    plain.write("S");
    const socket = new TLSSocket(plain, { isServer: true, ...tls });
    track(socket);
    const length = (await read(socket, 4)).readInt32BE();
    const parameters = parseParameters((await read(socket, length - 4)).subarray(4));
    socket.write(AUTHENTICATION_CLEARTEXT_PASSWORD);
    const header = await read(socket, 5);
    const password = (await read(socket, header.readInt32BE(1) - 4)).subarray(0, -1).toString();
    passwords.push(password);
    const user = parameters.get("user") ?? "";
    const refusal = judge(password, `127.0.0.1:${port}`, user);
    if (refusal !== undefined) {
      refusals.push(refusal);
      socket.end(errorResponse(`PAM authentication failed for user "${user}"`));
      return;
    }
    const backend = await connectBackend(target, parameters);
    track(backend);
    socket.write(Buffer.concat([AUTHENTICATION_OK, READY_FOR_QUERY]));
    socket.pipe(backend).pipe(socket);
    socket.on("close", () => backend.destroy());
    backend.on("close", () => socket.destroy());
  };
  const server = createServer((socket) => greet(socket).catch(() => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ host: "127.0.0.1", port, passwords, refusals },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** pg authenticates to the real server; then its socket is taken over, since both sides now wait for a query. */
async function connectBackend(target: NodeJS.ProcessEnv, parameters: Map<string, string>): Promise<Socket> {
  const client = new Client({
    ...{ host: target.POSTGRES_HOST ?? "", port: Number(target.POSTGRES_PORT) },
    ...{ user: target.POSTGRES_USER ?? "", password: target.POSTGRES_PASSWORD ?? "" },
    database: target.POSTGRES_DATABASE ?? "",
    options: parameters.get("options") ?? "",
  });
  await client.connect();
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.removeAllListeners();
  return stream;
}

/** Reads exactly this many bytes. */
async function read(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read(count);
    if (bytes?.length === count) return bytes;
    await new Promise<void>((resolve, reject) => {
      socket.once("readable", resolve);
      socket.once("close", () => reject(new Error("closed")));
    });
  }
}

function parseParameters(bytes: Buffer): Map<string, string> {
  const parts = bytes.toString().split("\0");
  const pairs = Array.from({ length: Math.floor(parts.length / 2) }, (_, index) =>
    parts.slice(2 * index, 2 * index + 2),
  );
  return new Map(pairs.map(([name = "", value = ""]) => [name, value]));
}

function errorResponse(text: string): Buffer {
  return message("E", Buffer.from(`SFATAL\0VFATAL\0C28P01\0M${text}\0\0`));
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
