import type { AwsCredentials } from "@millrace/connections";
import { readConfiguration } from "@millrace/shared";
import type { Expectation, KnownKey } from "@millrace/testbed";
import { endingKeys, startSigningProxy, testPatience, uniqueName } from "@millrace/testbed";
import { afterAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { openOpenSearch } from "../src/client.ts";
import { openSearchSettings } from "../src/settings.ts";

const REGION = "eu-west-1";
const key = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "an-example/of+a-secret" };
const session = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "another/example", sessionToken: "a/session+token==" };
const managed: Expectation = { region: REGION, service: "es", keys: [key, session] };

const { OPENSEARCH_ENDPOINT: endpoint = "" } = process.env;
const proxy = await startSigningProxy(endpoint, managed);
afterAll(() => proxy[Symbol.asyncDispose]());
beforeEach(() => {
  proxy.expectation = managed;
  proxy.refusals.length = 0;
  proxy.clockOffsetMs = 0;
});

const settingsSchema = z.object(openSearchSettings);

function client(
  credentials: AwsCredentials | (() => Promise<AwsCredentials>),
  environment: Record<string, string> = {},
) {
  const settings = readConfiguration(settingsSchema, {
    OPENSEARCH_ENDPOINT: proxy.url,
    OPENSEARCH_USE_IAM_AUTH: "true",
    AWS_REGION: REGION,
    ...environment,
  });
  return openOpenSearch(
    settings,
    testPatience(),
    typeof credentials === "function" ? credentials : async () => credentials,
  );
}

test.each([
  ["es", key],
  ["es", session],
  ["aoss", key],
  ["aoss", session],
] as const)("every kind of request is accepted with a signature for %s", async (service, credentials) => {
  proxy.expectation = { ...managed, service };
  const index = uniqueName("signed");
  await using search = disposable(client(credentials, { OPENSEARCH_AWS_SERVICE: service }));
  await search.client.indices.create({ index });
  const lines = [{ index: { _index: index, _id: "messages-0-1" } }, { text: "schön & 100 % ✓" }];
  const bulk = await search.client.bulk({ body: lines, refresh: true });
  expect(bulk.body.errors).toBe(false);
  // A document id that needs escapes in the path, and a query with a comma and a space.
  const id = "orders/2024 +~*'()!é-0-7";
  await search.client.index({ index, id, body: { text: "escaped" }, refresh: true });
  expect((await search.client.get({ index, id })).body._source).toEqual({ text: "escaped" });
  const found = await search.client.search({ index, q: "text:escaped AND *", _source: "text,other", size: 1 });
  expect(found.body.hits.hits).toMatchObject([{ _id: id }]);
  await search.client.indices.delete({ index });
  expect(proxy.refusals).toEqual([]);
});

test("the signature of a binary body covers the sent bytes", async () => {
  await using search = disposable(client(key));
  // Only SMILE's header: OpenSearch refuses it as a bulk request without actions.
  const body = Buffer.from([0x3a, 0x29, 0x0a, 0x05, 0xff]);
  const headers = { "content-type": "application/smile", accept: "application/json" };
  const answer = search.client.transport.request({ method: "POST", path: "/_bulk", body }, { headers });
  await expect(answer).rejects.toMatchObject({ statusCode: 400 });
  expect(proxy.refusals).toEqual([]);
});

test.each([
  ["a wrong secret", { ...key, secretAccessKey: "wrong" }, {}, "wrong signature"],
  ["another region", key, { AWS_REGION: "eu-west-2" }, "signed for the region eu-west-2"],
  ["another service", key, { OPENSEARCH_AWS_SERVICE: "aoss" }, "signed for the service aoss"],
  [
    "no session token",
    { accessKeyId: session.accessKeyId, secretAccessKey: session.secretAccessKey },
    {},
    "wrong session token",
  ],
  ["an unknown key", { ...key, accessKeyId: "AKIAUNKNOWN" }, {}, "unknown access key"],
])("%s is refused", async (_, credentials, environment, reason) => {
  await using search = disposable(client(credentials, environment));
  await expect(search.client.cluster.health()).rejects.toMatchObject({ statusCode: 403 });
  expect(proxy.refusals).toEqual([reason]);
});

test.each([
  [1_200_000, /clock is 1(199|200|201) s behind the server's.*synchronise it/],
  [-1_200_000, /clock is 1(199|200|201) s ahead of the server's.*synchronise it/],
])("a refusal names a clock that is off by %i ms, with the remedy", async (offsetMs, said) => {
  proxy.clockOffsetMs = offsetMs;
  await using search = disposable(client(key));
  await expect(search.client.cluster.health()).rejects.toThrow(said);
  expect(proxy.refusals).toEqual(["signed too long ago or in the future"]);
});

test("a refusal for another reason does not mention the clock", async () => {
  await using search = disposable(client({ ...key, secretAccessKey: "wrong" }));
  await expect(search.client.cluster.health()).rejects.not.toThrow(/clock/);
});

test("expiring keys are replaced in time: no request is signed with an expired one", async () => {
  const keys: KnownKey[] = [];
  proxy.expectation = { ...managed, keys };
  // The client fetches another key if the current one expires within a request's timeout.
  const requestTimeout = 5_000;
  const environment = { OPENSEARCH_TIMEOUT_MS: String(requestTimeout) };
  await using search = disposable(client(endingKeys(requestTimeout + 500, keys), environment));
  while (keys.length < 6) await search.client.cluster.health({}, { requestTimeout });
  expect(proxy.refusals).toEqual([]);
});

function disposable(opened: ReturnType<typeof client>) {
  return { client: opened, [Symbol.asyncDispose]: () => opened.close() };
}
