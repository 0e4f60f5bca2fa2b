import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readConfiguration } from "@millrace/shared";
import fc from "fast-check";
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, expect, test } from "vitest";
import { authModeOf } from "../src/auth/settings.ts";
import { apiConfig } from "../src/config.ts";
import { newTopic, openEventsApp, publish } from "./events-support.ts";
import { bodyOf, isolated, postJson, type TestApp, until } from "./support.ts";

const ISSUER = "https://identity.example";
const AUDIENCE = "millrace";
const SECRET = "a secret of at least thirty-two bytes";

interface SigningKey {
  kid: string;
  algorithm: "RS256" | "ES256";
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  jwk: JWK;
}

async function newKey(kid: string, algorithm: SigningKey["algorithm"]): Promise<SigningKey> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  return { kid, algorithm, ...pair, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg: algorithm, use: "sig" } };
}

/** Publishes the given keys, as an identity provider does. */
class IdentityProvider {
  keys: JWK[] = [];
  requests = 0;
  #server: Server;

  constructor() {
    this.#server = createServer((_request, response) => {
      this.requests++;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ keys: this.keys }));
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

const provider = new IdentityProvider();
const jwksUrl = await provider.listen();
const rsa = await newKey("rsa-1", "RS256");
const elliptic = await newKey("ec-1", "ES256");
const stranger = await newKey("rsa-1", "RS256");
provider.keys = [rsa.jwk, elliptic.jwk];

const claims = { AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE, AUTH_JWKS_COOLDOWN_MS: "0", HOST: "0.0.0.0" };
const api = openEventsApp({ ...claims, AUTH_JWKS_URL: jwksUrl });
const development = openEventsApp({ ...claims, AUTH_HS256_SECRET: SECRET });
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await development[Symbol.asyncDispose]();
  provider.close();
});

interface Wanted {
  scope?: string;
  subject?: string | undefined;
  issuer?: string;
  audience?: string;
  expiresAt?: number | undefined;
  notBefore?: number;
}

const nowS = () => Math.floor(Date.now() / 1_000);

function claimsOf(wanted: Wanted) {
  const subject = "subject" in wanted ? wanted.subject : "ann";
  const expiresAt = "expiresAt" in wanted ? wanted.expiresAt : nowS() + 60;
  return {
    iss: wanted.issuer ?? ISSUER,
    aud: wanted.audience ?? AUDIENCE,
    ...(expiresAt !== undefined && { exp: expiresAt }),
    ...(subject !== undefined && { sub: subject }),
    ...(wanted.notBefore !== undefined && { nbf: wanted.notBefore }),
    scope: wanted.scope ?? "events:write events:read",
  };
}

function sign({ kid, algorithm, privateKey }: SigningKey, wanted: Wanted = {}): Promise<string> {
  return new SignJWT(claimsOf(wanted)).setProtectedHeader({ alg: algorithm, kid }).sign(privateKey);
}

function signSecretly(secret: string, wanted: Wanted = {}, header: object = {}): Promise<string> {
  return new SignJWT(claimsOf(wanted))
    .setProtectedHeader({ alg: "HS256", ...header })
    .sign(new TextEncoder().encode(secret));
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function write(app: TestApp, token: string | undefined): Promise<Response> {
  return publish(app, newTopic(app), { event_type: "a" }, token === undefined ? {} : bearer(token));
}

test("property 20, JWT enforcement: accepts exactly the tokens with a valid signature, time, issuer, audience and scope", async () => {
  const topic = newTopic(api);
  expect((await publish(api, topic, { event_type: "a" }, bearer(await sign(rsa)))).status).toBe(202);
  const token = fc.record({
    key: fc.constantFrom(rsa, elliptic, stranger),
    scope: fc.constantFrom("events:write", "events:read", "admin", "", "events:write events:read", "events:writer"),
    issuer: fc.constantFrom(ISSUER, ISSUER, ISSUER, "https://other.example"),
    audience: fc.constantFrom(AUDIENCE, AUDIENCE, AUDIENCE, "other"),
    lifeS: fc.constantFrom(60, 60, 60, -60),
    isWrite: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(token, async ({ key, scope, issuer, audience, lifeS, isWrite }) => {
      const headers = bearer(await sign(key, { scope, issuer, audience, expiresAt: nowS() + lifeS }));
      const response = isWrite
        ? await publish(api, topic, { event_type: "a" }, headers)
        : await api.app.request(`/api/v1/events/${topic}/latest`, { headers });
      const isGenuine = key !== stranger && issuer === ISSUER && audience === AUDIENCE && lifeS > 0;
      const isAllowed = scope
        .split(" ")
        .some((each) => each === "admin" || each === (isWrite ? "events:write" : "events:read"));
      const expected = isGenuine ? (isAllowed ? (isWrite ? 202 : 200) : 403) : 401;
      expect(response.status).toBe(expected);
    }),
    { numRuns: 80 },
  );
});

const refused: [string, () => Promise<string>][] = [
  ["alg none", async () => new UnsecuredJWT(claimsOf({})).encode()],
  [
    "HS256 signed with the RSA public key (PEM)",
    async () => signSecretly(await exportSPKI(rsa.publicKey), {}, { kid: rsa.kid }),
  ],
  [
    "HS256 signed with the RSA public key (JWK)",
    async () => signSecretly(JSON.stringify(rsa.jwk), {}, { kid: rsa.kid }),
  ],
  ["an expired one", () => sign(rsa, { expiresAt: nowS() - 10 })],
  ["one that never expires", () => sign(rsa, { expiresAt: undefined })],
  ["one that is not valid yet", () => sign(rsa, { notBefore: nowS() + 60 })],
  ["another issuer's", () => sign(rsa, { issuer: "https://other.example" })],
  ["one for another audience", () => sign(rsa, { audience: "other" })],
  ["one without a subject", () => sign(rsa, { subject: undefined })],
  ["one of a stranger's key under a known name", () => sign(stranger)],
  [
    "one whose payload was changed",
    async () => (await sign(rsa)).replace(/\.(.)/, (_, first) => (first === "e" ? ".f" : ".e")),
  ],
  ["one with an RSA key's name and an ES256 signature", async () => sign({ ...elliptic, kid: rsa.kid })],
  ["no token at all", async () => "not-a-token"],
];
test.each(refused)("refuses a token: %s", async (_, make) => {
  const token = await make();
  const response = await write(api, token);
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toContain('error="invalid_token"');
  const body = await response.text();
  expect(JSON.parse(body)).toMatchObject({ type: "urn:millrace:problem:unauthenticated", status: 401 });
  expect(body).not.toContain(token);
  expect(JSON.stringify(api.lines())).not.toContain(token);
});

test("a token of the development secret that never expires is refused too", async () => {
  expect((await write(development, await signSecretly(SECRET))).status).toBe(202);
  expect((await write(development, await signSecretly(SECRET, { expiresAt: undefined }))).status).toBe(401);
});

test("an Idempotency-Key is its subject's own: another's request with the same one is another request", async () => {
  const topic = newTopic(api);
  const publishAs = async (subject: string, event: object) => {
    const headers = { ...bearer(await sign(rsa, { subject })), "idempotency-key": "one" };
    const response = await publish(api, topic, event, headers);
    return { status: response.status, body: await bodyOf<{ events: { event_id: string }[] }>(response) };
  };
  const [ann, bob, eve] = [
    await publishAs("ann", { event_type: "a" }),
    await publishAs("bob", { event_type: "a" }),
    await publishAs("eve", { event_type: "other" }),
  ];
  expect([ann, bob, eve].map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(new Set([ann, bob, eve].map(({ body }) => body.events[0]?.event_id)).size).toBe(3);
  expect(await publishAs("ann", { event_type: "a" })).toEqual(ann);
});

test("without a token the response names the scheme", async () => {
  const response = await write(api, undefined);
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toBe('Bearer realm="millrace"');
});

test("a missing scope is a 403 that names it", async () => {
  const response = await write(api, await sign(rsa, { scope: "events:read" }));
  expect(response.status).toBe(403);
  expect(response.headers.get("www-authenticate")).toContain('error="insufficient_scope", scope="events:write"');
  expect(await response.json()).toMatchObject({ type: "urn:millrace:problem:forbidden" });
});

test("keys rotate: an unknown key triggers a fetch, and a removed one is refused", async () => {
  const rotating = new IdentityProvider();
  const before = await newKey("before", "ES256");
  const after = await newKey("after", "RS256");
  rotating.keys = [before.jwk];
  await using app = openEventsApp({ ...claims, AUTH_JWKS_URL: await rotating.listen() });
  try {
    expect((await write(app, await sign(before))).status).toBe(202);
    expect((await write(app, await sign(before))).status).toBe(202);
    expect(rotating.requests).toBe(1);
    rotating.keys = [after.jwk];
    expect((await write(app, await sign(after))).status).toBe(202);
    expect((await write(app, await sign(before))).status).toBe(401);
    rotating.close();
    expect((await write(app, await sign(stranger))).status).toBe(503);
  } finally {
    rotating.close();
  }
});

test("a revoked key is refused once the fetched keys reach their maximum age", async () => {
  const rotating = new IdentityProvider();
  const withdrawn = await newKey("withdrawn", "ES256");
  rotating.keys = [withdrawn.jwk];
  await using app = openEventsApp({ ...claims, AUTH_JWKS_URL: await rotating.listen(), AUTH_JWKS_MAX_AGE_MS: "1000" });
  try {
    expect((await write(app, await sign(withdrawn))).status).toBe(202);
    rotating.keys = [];
    await until(async () => (await write(app, await sign(withdrawn))).status === 401);
  } finally {
    rotating.close();
  }
});

test("with a development secret only HS256 tokens are accepted", async () => {
  expect((await write(development, await signSecretly(SECRET))).status).toBe(202);
  expect((await write(development, await signSecretly(SECRET.toUpperCase()))).status).toBe(401);
  expect((await write(development, await sign(rsa))).status).toBe(401);
  expect((await write(development, new UnsecuredJWT(claimsOf({})).encode())).status).toBe(401);
});

test("without authentication, a process reachable from outside refuses all requests to /api/v1, and only those", async () => {
  await using closed = openEventsApp({ HOST: "0.0.0.0" });
  expect((await write(closed, undefined)).status).toBe(401);
  expect((await write(closed, await sign(rsa))).status).toBe(401);
  expect((await closed.app.request("/api/v1/health")).status).toBe(200);
  const published = await closed.app.request("/publish", postJson({ text: "hello" }));
  expect(published.status).not.toBe(401);
});

test.each([
  [{ HOST: "127.0.0.1" }, "off"],
  [{ HOST: "::1" }, "off"],
  [{ HOST: "localhost" }, "off"],
  [{ HOST: "127.0.0.1.example.com" }, "closed"],
  [{ HOST: "0.0.0.0" }, "closed"],
  [{ HOST: "::" }, "closed"],
  [{ ...claims, AUTH_JWKS_URL: jwksUrl }, "jwks"],
])("%o is %s", (environment, mode) => {
  expect(authModeOf(readConfiguration(apiConfig, { ...process.env, ...isolated(), ...environment }))).toBe(mode);
});

test.each([
  [{ AUTH_JWKS_URL: jwksUrl }, /AUTH_ISSUER is missing[\s\S]*AUTH_AUDIENCE is missing/],
  [{ ...claims, AUTH_HS256_SECRET: "short" }, /AUTH_HS256_SECRET is refused/],
  [{ ...claims, AUTH_JWKS_URL: jwksUrl, AUTH_HS256_SECRET: SECRET }, /conflicts with AUTH_JWKS_URL/],
  [{ CORS_ORIGINS: "not an origin" }, /CORS_ORIGINS is refused/],
])("refuses the configuration %o", (environment, message) => {
  expect(() => readConfiguration(apiConfig, { ...process.env, ...isolated(), ...environment })).toThrow(message);
});

async function healthOf(app: TestApp["app"]): Promise<{ status: string }> {
  return bodyOf(await app.request("/api/v1/health"));
}

test("each subject has its own rate limit across all processes, with a Retry-After", async () => {
  const settings = {
    ...isolated(),
    ...claims,
    AUTH_JWKS_URL: jwksUrl,
    RATE_LIMIT_REQUESTS: "3",
    RATE_LIMIT_WINDOW_S: "60",
  };
  await using one = openEventsApp(settings);
  await using other = openEventsApp({ ...settings, EVENTS_TOPIC_PATTERN: one.config.EVENTS_TOPIC_PATTERN });
  for (const { app } of [one, other]) await until(async () => (await healthOf(app)).status === "ok");
  const ask = async (app: TestApp, subject: string) =>
    app.app.request(`/api/v1/events/${newTopic(one)}/latest`, { headers: bearer(await sign(rsa, { subject })) });
  const answers = [await ask(one, "ann"), await ask(other, "ann"), await ask(one, "ann"), await ask(other, "ann")];
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 429]);
  expect(Number(answers[3]?.headers.get("retry-after"))).toBeGreaterThan(50);
  expect(await bodyOf(answers[3] as Response)).toMatchObject({ type: "urn:millrace:problem:rate-limited" });
  expect((await ask(other, "bob")).status).toBe(404);
});

test("while Redis is unavailable each process limits separately", async () => {
  await using alone = openEventsApp({ ...claims, AUTH_JWKS_URL: jwksUrl, REDIS_PORT: "1", RATE_LIMIT_REQUESTS: "1" });
  expect((await write(alone, await sign(rsa))).status).toBe(202);
  expect((await write(alone, await sign(rsa))).status).toBe(429);
});

test("only pages of the configured origins may call", async () => {
  await using open = openEventsApp({ CORS_ORIGINS: "https://console.example" });
  const preflight = (origin: string) =>
    open.app.request("/api/v1/events/any", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
    });
  const allowed = await preflight("https://console.example");
  expect(allowed.status).toBe(204);
  expect(allowed.headers.get("access-control-allow-origin")).toBe("https://console.example");
  expect(allowed.headers.get("access-control-allow-headers")).toContain("Authorization");
  expect((await preflight("https://other.example")).headers.get("access-control-allow-origin")).toBeNull();
});
