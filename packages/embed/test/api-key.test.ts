import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readConfiguration } from "@millrace/shared";
import { startMoto } from "@millrace/testbed";
import { afterAll, beforeAll, expect, test } from "vitest";
import { embedConfig, providerSettings } from "../src/config.ts";
import { type ApiKey, openSecretKey } from "../src/openai/api-key.ts";
import { withCurrentKey } from "../src/openai/with-current-key.ts";
import { sendJson, serveEmbeddings, vectorOf, wellBehaved } from "./embeddings-server.ts";
import { eventually, testPatience } from "./support.ts";

const DIMENSIONS = 8;
const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:openai-AbCdEf";
const moto = await startMoto();
afterAll(() => moto[Symbol.asyncDispose]());
beforeAll(() => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "an-example/of+a-secret",
    AWS_ENDPOINT_URL_SECRETS_MANAGER: moto.url,
  });
});

const baseEnvironment = { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1", REDIS_HOST: "127.0.0.1" };

async function openKey(arn: string, environment: Record<string, string> = {}) {
  const config = readConfiguration(embedConfig, {
    ...baseEnvironment,
    OPENAI_API_KEY_SECRET_ARN: arn,
    OPENAI_EMBEDDING_MODEL: "m",
    ...environment,
  });
  const patience = testPatience();
  return { key: await openSecretKey(arn, config, patience), config, patience };
}

/** Takes one key alone, as the API does; a test may change it. */
async function serveWithKey(accepted: { key: string }) {
  const server = await serveEmbeddings((request, response) =>
    server.headers.at(-1)?.authorization === `Bearer ${accepted.key}`
      ? wellBehaved(DIMENSIONS)(request, response)
      : sendJson(response, 401, { error: { message: "Incorrect API key provided", code: "invalid_api_key" } }),
  );
  return server;
}

/** Puts a server in moto's place, for the length of a test. */
async function listen(server: Server): Promise<AsyncDisposable> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    async [Symbol.asyncDispose]() {
      process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = moto.url;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readFirst(key: ApiKey): Promise<string | undefined> {
  await key.untilRead();
  return key.current;
}

test("the key is the text of the secret", async () => {
  const { key, patience } = await openKey(await moto.putSecret("plain", "sk-of-a-plain-secret\n"));
  using _ = key;
  expect(key.current).toBeUndefined();
  expect(await readFirst(key)).toBe("sk-of-a-plain-secret");
  expect(patience.health.dependencies["secrets-manager"]?.state).toBe("working");
});

test("or a field of a secret that is a JSON object", async () => {
  const arn = await moto.putSecret("json", JSON.stringify({ user: "u", openai: "sk-of-a-field" }));
  const { key } = await openKey(arn, { OPENAI_API_KEY_SECRET_FIELD: "openai" });
  using _ = key;
  expect(await readFirst(key)).toBe("sk-of-a-field");
});

test.each([
  ["a JSON object where no field is named", JSON.stringify({ openai: "sk-hidden" }), {}, /name the field/],
  [
    "a JSON object without that field",
    JSON.stringify({ other: "sk-hidden" }),
    { OPENAI_API_KEY_SECRET_FIELD: "openai" },
    /not a JSON object with a string in the field openai/,
  ],
  ["a text where a field is named", "sk-hidden", { OPENAI_API_KEY_SECRET_FIELD: "openai" }, /not a JSON object/],
])(
  "%s is waited for and named, without what it holds, until it is corrected",
  async (name, text, environment, cause) => {
    const id = name.replaceAll(" ", "-");
    const { key, patience } = await openKey(await moto.putSecret(id, text), environment);
    using _ = key;
    const reading = readFirst(key);
    await eventually(() => patience.health.dependencies["secrets-manager"]?.cause).toMatch(cause);
    expect(JSON.stringify(patience.lines())).not.toContain("sk-hidden");
    const named = "OPENAI_API_KEY_SECRET_FIELD" in environment;
    await moto.putSecret(id, named ? JSON.stringify({ openai: "sk-right" }) : "sk-right");
    expect(await reading).toBe("sk-right");
  },
);

test("a secret that does not exist yet is waited for", async () => {
  const { key, patience } = await openKey((await moto.putSecret("later", "sk-later")).replace("later", "missing"));
  using _ = key;
  void readFirst(key);
  await eventually(() => patience.health.dependencies["secrets-manager"]?.cause).toMatch(/no secret with this ARN/);
});

test("a service that is away is waited for", async () => {
  let away = true;
  const server = createServer((incoming, outgoing) => {
    if (away) incoming.socket.destroy();
    else
      incoming.pipe(
        request(moto.url, { method: "POST", headers: incoming.headers }, (answer) => answer.pipe(outgoing)),
      );
  });
  const existing = await moto.putSecret("reachable", "sk-reachable");
  await using _server = await listen(server);
  const { key, patience } = await openKey(existing);
  using _ = key;
  const reading = readFirst(key);
  await eventually(() => patience.health.dependencies["secrets-manager"]?.cause).toMatch(/can't be read: /);
  away = false;
  expect(await reading).toBe("sk-reachable");
});

test("a role without the permission is told which one", async () => {
  const body = JSON.stringify({ __type: "AccessDeniedException", Message: "not authorized" });
  const server = createServer((_, response) =>
    response.writeHead(400, { "content-type": "application/x-amz-json-1.1" }).end(body),
  );
  await using _server = await listen(server);
  const { key, patience } = await openKey(arn);
  using _ = key;
  void readFirst(key);
  await eventually(() => patience.health.dependencies["secrets-manager"]?.cause).toMatch(
    /lacks secretsmanager:GetSecretValue/,
  );
});

test("a rotated key reaches the requests, after one refusal and without a restart", async () => {
  const accepted = { key: "sk-first" };
  await using server = await serveWithKey(accepted);
  const opened = await openKey(await moto.putSecret("rotated", "sk-first"), { OPENAI_BASE_URL: server.url });
  using key = opened.key;
  const settings = providerSettings(opened.config);
  if (settings.provider !== "openai") throw new Error("the key in Secrets Manager is not used");
  const provider = withCurrentKey(settings, key);
  expect(await provider.embed(["early"])).toMatchObject({ fault: { kind: "retryable", code: "misconfigured" } });
  await key.untilRead();
  expect(await provider.embed(["a"])).toMatchObject({ vectors: vectorOf("a", DIMENSIONS) });

  accepted.key = "sk-second";
  // The API knows of the rotation before the secret does: wrong keys wait, as many as there are, and are no poison.
  const outcomes = await Promise.all(["b", "c", "d", "e"].map((text) => provider.embed([text])));
  expect(outcomes).toMatchObject(Array(4).fill({ fault: { kind: "retryable" } }));
  await moto.putSecret("rotated", "sk-second");
  await expect
    .poll(async () => "vectors" in (await provider.embed(["f"])), { interval: 100, timeout: 10_000 })
    .toBe(true);
  expect(key.current).toBe("sk-second");
  const lines = JSON.stringify(opened.patience.lines());
  expect(lines).toContain('"replaced":true');
  expect(lines).not.toMatch(/sk-(first|second)/);
});

test("a rotated key is also found by the refresh, before the old one is refused", async () => {
  const opened = await openKey(await moto.putSecret("refreshed", "sk-old"), { OPENAI_API_KEY_REFRESH_S: "1" });
  using key = opened.key;
  expect(await readFirst(key)).toBe("sk-old");
  await moto.putSecret("refreshed", "sk-new");
  await eventually(() => key.current).toBe("sk-new");
});

test("a key that can't be read again is used on", async () => {
  const opened = await openKey(await moto.putSecret("kept", "sk-kept"), { OPENAI_API_KEY_REFRESH_S: "1" });
  using key = opened.key;
  await key.untilRead();
  await moto.putSecret("kept", "{}");
  await eventually(() => JSON.stringify(opened.patience.lines())).toContain("is a JSON object");
  expect(key.current).toBe("sk-kept");
});

test.each([
  [{ OPENAI_API_KEY: "sk", OPENAI_API_KEY_SECRET_ARN: arn }, /OPENAI_API_KEY_SECRET_ARN .*contradicts OPENAI_API_KEY/],
  [{ EMBEDDING_PROVIDER: "openai" }, /OPENAI_API_KEY .*set the key, OPENAI_API_KEY_SECRET_ARN/],
  [{ OPENAI_API_KEY_SECRET_FIELD: "key" }, /OPENAI_API_KEY_SECRET_ARN is missing/],
  [{ OPENAI_API_KEY_SECRET_ARN: "openai" }, /not the ARN of a secret/],
])("a configuration that can't be meant is refused: %o", (environment, problem) => {
  expect(() => readConfiguration(embedConfig, { ...baseEnvironment, ...environment })).toThrow(problem);
});

test("with a secret the provider is openai, and the settings hold no key", () => {
  const config = readConfiguration(embedConfig, { ...baseEnvironment, OPENAI_API_KEY_SECRET_ARN: arn });
  expect(providerSettings(config)).toMatchObject({ provider: "openai", expectedDimensions: 1_536 });
  expect(providerSettings(config)).not.toHaveProperty("apiKey");
});
