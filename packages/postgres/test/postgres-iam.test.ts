import type { AwsCredentials } from "@millrace/connections";
import { readConfiguration } from "@millrace/shared";
import {
  endingKeys,
  endKeys,
  eventually,
  type KnownKey,
  openCertificates,
  refusePresigned,
  startPostgresAuthenticator,
  testPatience,
} from "@millrace/testbed";
import { afterAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { openPostgres } from "../src/pool.ts";
import { postgresSettings } from "../src/settings.ts";

const REGION = "eu-west-1";
const key = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "an-example/of+a-secret" };
const session = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "another/example", sessionToken: "a/session+token==" };
let keys: KnownKey[];

const certificates = await openCertificates();
const server = await startPostgresAuthenticator(certificates.server, process.env, (password, address, user) =>
  password.startsWith(`${address}/`)
    ? refusePresigned(password, { region: REGION, service: "rds-db", keys }, { Action: "connect", DBUser: user })
    : "signed for another address",
);
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  keys = [key, session];
  server.refusals.length = 0;
  server.passwords.length = 0;
});

const settingsSchema = z.object(postgresSettings);

function pool(credentials: AwsCredentials | (() => Promise<AwsCredentials>), environment: Record<string, string> = {}) {
  const settings = readConfiguration(settingsSchema, {
    POSTGRES_HOST: server.host,
    POSTGRES_PORT: String(server.port),
    POSTGRES_USER: "pipeline",
    POSTGRES_USE_IAM_AUTH: "true",
    POSTGRES_TLS_CA_PATH: certificates.caPath,
    AWS_REGION: REGION,
    ...environment,
  });
  const provider = typeof credentials === "function" ? credentials : async () => credentials;
  const opened = openPostgres(settings, testPatience(), provider);
  return { query: (sql: string) => opened.query(sql), opened, [Symbol.asyncDispose]: () => opened.end() };
}

test.each([
  ["a long-lived key", key],
  ["a session token", session],
])("a password signed with %s opens a connection to a real database, over TLS", async (_, credentials) => {
  await using database = pool(credentials);
  expect((await database.query("SELECT 6 * 7 AS answer")).rows).toEqual([{ answer: 42 }]);
  expect(server.refusals).toEqual([]);
});

test("each new connection gets a freshly signed password", async () => {
  let asked = 0;
  const provider = async () => {
    asked++;
    return key;
  };
  await using database = pool(provider, { POSTGRES_POOL_MAX: "3" });
  await Promise.all([1, 2, 3].map(() => database.query("SELECT pg_sleep(0.1)")));
  expect([asked, server.passwords.length]).toEqual([3, 3]);
});

test("a connection is replaced at its maximum age, with a fresh password, and no query fails", async () => {
  await using database = pool(key, { POSTGRES_POOL_MAX: "1", POSTGRES_CONNECTION_MAX_LIFETIME_S: "1" });
  const deadlineMs = Date.now() + 20_000;
  while (server.passwords.length < 4 && Date.now() < deadlineMs) await database.query("SELECT pg_sleep(0.05)");
  expect(server.passwords.length).toBe(4);
  expect(server.refusals).toEqual([]);
});

test("a key that expires is replaced before the next connection is opened", async () => {
  keys = [];
  await using database = pool(endingKeys(30_000, keys), {
    POSTGRES_POOL_MAX: "1",
    POSTGRES_CONNECTION_MAX_LIFETIME_S: "1",
  });
  const deadlineMs = Date.now() + 20_000;
  while (server.passwords.length < 4 && Date.now() < deadlineMs) {
    await database.query("SELECT pg_sleep(0.05)");
    // No connection is being opened now.
    endKeys(keys);
  }
  expect(server.passwords.length).toBe(4);
  expect(server.refusals).toEqual([]);
});

test.each([
  ["a wrong secret", { ...key, secretAccessKey: "wrong" }, {}, "wrong signature"],
  ["another region", key, { AWS_REGION: "eu-west-2" }, "signed for the region eu-west-2"],
  [
    "no session token",
    { accessKeyId: session.accessKeyId, secretAccessKey: session.secretAccessKey },
    {},
    "wrong session token",
  ],
  ["another host name", key, { POSTGRES_HOST: "localhost" }, "signed for another address"],
])("%s is refused, and the error contains no token", async (_, credentials, environment, reason) => {
  await using database = pool(credentials, environment);
  const refused = database.query("SELECT 1");
  await expect(refused).rejects.toMatchObject({ code: "28P01", message: expect.not.stringContaining("X-Amz") });
  expect(server.refusals).toEqual([reason]);
});

test("without credentials a query fails with the reason, and succeeds once there are some", async () => {
  let given = false;
  await using database = pool(async () => {
    if (!given) throw new Error("Could not load credentials from any providers");
    return key;
  });
  await expect(database.query("SELECT 1")).rejects.toThrow("Could not load credentials");
  given = true;
  await eventually(() => database.opened.totalCount).toBe(0);
  await database.query("SELECT 1");
});

test("a server whose certificate comes from another authority gets no token", async () => {
  await using database = pool(key, { POSTGRES_TLS_CA_PATH: certificates.client.certificatePath });
  await expect(database.query("SELECT 1")).rejects.toThrow(/certificate/);
  expect(server.passwords).toEqual([]);
});
