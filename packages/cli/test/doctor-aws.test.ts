import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLOSED_PORT, startSigningProxy, uniqueName } from "@millrace/testbed";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import {
  examineSetUp,
  expectVerdict,
  failedOf,
  key,
  type Listener,
  listenAsSts,
  listenHttp,
  REGION,
  type SetUp,
} from "./doctor-support.ts";

const directory = await mkdtemp(join(tmpdir(), "millrace-web-identity-"));
afterAll(() => rm(directory, { recursive: true }));
const claims = {
  iss: "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE",
  sub: "system:serviceaccount:pipeline:sink",
};
const tokenFile = join(directory, "token");
await writeFile(tokenFile, `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2lnbmF0dXJl`);

/** The real provider chain, with nothing but a web identity, as in a pod with IRSA. */
const irsa = {
  AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
  AWS_ROLE_ARN: "arn:aws:iam::000000000000:role/sink",
  AWS_REGION: REGION,
  AWS_CONFIG_FILE: join(directory, "none"),
  AWS_SHARED_CREDENTIALS_FILE: join(directory, "none"),
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_MAX_ATTEMPTS: "1",
};
const before = { ...process.env };
beforeEach(() => void Object.assign(process.env, irsa));
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

const servers: Listener[] = [];
afterAll(() => Promise.all(servers.map((server) => server[Symbol.asyncDispose]())));
async function stsThatRefuses(status: number, code: string, message: string): Promise<Record<string, string>> {
  const server = await listenHttp((_, response) => {
    response.writeHead(status, { "content-type": "text/xml" }).end(
      `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code>
        <Message>${message}</Message></Error><RequestId>0</RequestId></ErrorResponse>`,
    );
  });
  servers.push(server);
  return { AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${server.port}` };
}
async function sts(skewS: number): Promise<Record<string, string>> {
  const server = await listenAsSts(skewS);
  servers.push(server);
  return { AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${server.port}` };
}

const proxy = await startSigningProxy(process.env.OPENSEARCH_ENDPOINT ?? "", {
  region: REGION,
  service: "es",
  keys: [key],
});
afterAll(() => proxy[Symbol.asyncDispose]());
const iam = { OPENSEARCH_USE_IAM_AUTH: "true", OPENSEARCH_ENDPOINT: proxy.url };

const base = { subject: "sink", also: ["opensearch"] } satisfies Partial<SetUp>;
/** Each setup has its own chain, distinguished by the name of the session. */
const chain = (environment: Record<string, string>) => ({
  ...irsa,
  ...iam,
  AWS_ROLE_SESSION_NAME: uniqueName("session"),
  ...environment,
});

const setUps: Record<string, () => Promise<SetUp>> = {
  "a trust policy without the service account": async () => ({
    ...base,
    environment: chain(
      await stsThatRefuses(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
    ),
    verdict: ["aws", "authentication", "aws_trust_policy"],
    remedy: "Set the role's trust policy to the one below, and check that AWS_ROLE_ARN names the intended role.",
    missing: {
      "sts:AssumeRoleWithWebIdentity": [
        "arn:aws:iam::000000000000:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE",
      ],
    },
  }),
  "a cluster whose OIDC provider is not registered in IAM": async () => ({
    ...base,
    environment: chain(
      await stsThatRefuses(400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for …"),
    ),
    verdict: ["aws", "authentication", "aws_oidc_provider"],
    remedy:
      "Create the IAM OIDC provider of this EKS cluster in the role's account, with the audience sts.amazonaws.com.",
  }),
  "a missing token file": async () => ({
    ...base,
    environment: chain({ AWS_WEB_IDENTITY_TOKEN_FILE: join(directory, "missing") }),
    verdict: ["aws", "authentication", "aws_token_file_missing"],
    remedy:
      "EKS mounts it when it creates the pod: check that the pod uses the annotated service account, and restart it.",
  }),
  "STS unreachable": async () => ({
    ...base,
    environment: chain({ AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${CLOSED_PORT}` }),
    verdict: ["aws", "authentication", "aws_sts_unreachable"],
    remedy:
      "Give the subnet a route to sts.eu-west-1.amazonaws.com: a VPC endpoint for STS whose security group allows TCP 443 from this pod, or a NAT gateway.",
  }),
  "no credentials at all": async () => ({
    ...base,
    environment: chain({ AWS_WEB_IDENTITY_TOKEN_FILE: "", AWS_ROLE_ARN: "" }),
    verdict: ["aws", "authentication", "aws_no_credentials"],
    remedy:
      "Give the pod a role: annotate its service account with eks.amazonaws.com/role-arn (IRSA) or create an EKS Pod Identity association, then restart the pod. Outside EKS, set AWS_PROFILE or an access key.",
  }),
  "a key unknown to STS": async () => ({
    subject: "sink",
    environment: { ...iam, ...(await stsThatRefuses(403, "InvalidClientTokenId", "The security token is invalid.")) },
    credentials: key,
    verdict: ["aws", "authorization", "aws_key_refused"],
    remedy:
      "Replace the key, and for a temporary key its session token; check that no stale AWS_ACCESS_KEY_ID overrides the pod's role.",
  }),
  "a clock that is 20 minutes behind": async () => ({
    subject: "sink",
    environment: { ...iam, ...(await sts(-1_200)) },
    credentials: key,
    verdict: ["aws", "probe", "clock_skew"],
    remedy:
      "Correct the clock: it is 1200 s behind AWS. On EC2, use the Amazon Time Sync Service (chrony with 169.254.169.123).",
  }),
};
test.each(Object.entries(setUps))("%s", async (_, make) => {
  const setUp = await make();
  for (const [name, value] of Object.entries(setUp.environment)) {
    if (value === "") delete process.env[name];
    else process.env[name] = value;
  }
  await expectVerdict(setUp);
});

test("a wrong clock is named if it made a service refuse a signature", async () => {
  const environment = { ...iam, ...(await sts(1_200)) };
  const credentials = { ...key, secretAccessKey: "wrong" };
  const report = await examineSetUp({ subject: "sink", environment, credentials });
  expect(failedOf(report)).toEqual(["aws", "opensearch"]);
  const remedies = report.dependencies.flatMap(({ failure }) => failure?.remedy.text ?? []);
  expect(remedies[1]).toMatch(/The clock is 1200 s ahead of AWS: correct it first\.$/);
});

test("without a route to STS, a key from elsewhere is still used, and the role stays unknown", async () => {
  const environment = { ...iam, AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${CLOSED_PORT}` };
  const report = await examineSetUp({ subject: "sink", environment, credentials: key });
  expect(failedOf(report)).toEqual([]);
  expect(report.dependencies[0]?.steps[1]?.said).toMatch(/^unknown: STS can't be reached/);
});
