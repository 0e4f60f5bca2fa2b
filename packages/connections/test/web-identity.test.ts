import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { awsCredentials } from "../src/aws/credentials.ts";

const ROLE_ARN = "arn:aws:iam::000000000000:role/pipeline";

const requests: URLSearchParams[] = [];
/** AssumeRoleWithWebIdentity, the only action of STS that IRSA needs. */
const sts = createServer(async (incoming, outgoing) => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  requests.push(new URLSearchParams(Buffer.concat(chunks).toString()));
  const expiration = new Date(Date.now() + 120_000).toISOString();
  outgoing.writeHead(200, { "content-type": "text/xml" }).end(
    `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
      <Credentials><AccessKeyId>ASIA${requests.length}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
      <SessionToken>session</SessionToken><Expiration>${expiration}</Expiration></Credentials>
    </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
  );
});
await new Promise<void>((resolve) => sts.listen(0, "127.0.0.1", resolve));
afterAll(() => new Promise((resolve) => sts.close(resolve)));

const directory = await mkdtemp(join(tmpdir(), "millrace-web-identity-"));
afterAll(() => rm(directory, { recursive: true }));

test("under IRSA the pod's token assumes the role, with the same session name at each renewal", async () => {
  const tokenFile = join(directory, "token");
  await writeFile(tokenFile, "the-pods-token");
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"]) delete process.env[name];
  Object.assign(process.env, {
    AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
    AWS_ROLE_ARN: ROLE_ARN,
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${(sts.address() as AddressInfo).port}`,
    AWS_CONFIG_FILE: join(directory, "none"),
    AWS_SHARED_CREDENTIALS_FILE: join(directory, "none"),
  });
  const first = await awsCredentials("millrace")();
  expect(first).toMatchObject({ accessKeyId: "ASIA1", secretAccessKey: "secret", sessionToken: "session" });
  expect(first.expiration).toBeInstanceOf(Date);
  // EKS replaces the file from time to time; the next renewal must read it again.
  await writeFile(tokenFile, "the-pods-next-token");
  expect(await awsCredentials("millrace")({ forceRefresh: true })).toMatchObject({ accessKeyId: "ASIA2" });
  expect(requests.map((request) => request.get("RoleSessionName"))).toEqual(["millrace", "millrace"]);
  expect(requests.map((request) => request.get("RoleArn"))).toEqual([ROLE_ARN, ROLE_ARN]);
  expect(requests.map((request) => request.get("WebIdentityToken"))).toEqual(["the-pods-token", "the-pods-next-token"]);
});
