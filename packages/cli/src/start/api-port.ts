import { createServer } from "node:net";

const USUAL_PORT = 8080;

/** The port that people expect the api on, where it is free. */
export async function usualPort(): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const server = createServer();
  server.once("error", () => resolve(undefined));
  server.listen({ host: "127.0.0.1", port: USUAL_PORT, exclusive: true }, () =>
    server.close(() => resolve(USUAL_PORT)),
  );
  return promise;
}
