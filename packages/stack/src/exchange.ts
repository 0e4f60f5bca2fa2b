import { connect } from "node:net";
import { HOST } from "./environment.ts";

/**
 * Sends one request over a new connection and collects the response until `isComplete`. `undefined` if the connection
 * is refused, closed or silent for too long.
 */
export async function exchange(
  port: number,
  request: Buffer,
  isComplete: (answer: Buffer) => boolean,
  timeoutMs = 2_000,
): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  let answer = Buffer.alloc(0);
  const socket = connect({ host: HOST, port, timeout: timeoutMs }, () => socket.write(request));
  socket.on("data", (chunk) => {
    answer = Buffer.concat([answer, chunk]);
    if (isComplete(answer)) resolve(answer);
  });
  for (const event of ["error", "timeout", "close"]) socket.on(event, () => resolve(undefined));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
