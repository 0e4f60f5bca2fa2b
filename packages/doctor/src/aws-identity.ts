import type { AwsCredentials, AwsCredentialsProvider } from "@millrace/connections";
import { openSigner } from "@millrace/connections";
import { describeCause } from "@millrace/shared";
import type { Examination, StepCheck } from "./examination.ts";
import type { CallerIdentity } from "./identity.ts";
import type { CheckFailure } from "./report.ts";
import { quote } from "./url.ts";

/** Signatures are valid within five minutes of their time. */
export const SKEW_MAX_S = 300;

/**
 * The identity of the process to AWS: whether the provider chain finds a key, whose it is, and whether the clock is
 * right. STS need not be reachable if the key comes from elsewhere (EKS Pod Identity): the role then stays unknown.
 *
 * @param identity filled in by the checks
 */
export function examineAws(
  region: string,
  environment: NodeJS.ProcessEnv,
  credentials: AwsCredentialsProvider,
  identity: CallerIdentity,
): Examination {
  const endpoint = environment.AWS_ENDPOINT_URL_STS ?? `https://sts.${region}.amazonaws.com`;
  let key: AwsCredentials | undefined;
  let answer: { status: number; body: string; skewS: number } | undefined;

  const authentication: StepCheck = {
    step: "authentication",
    tried: `credentials from the provider chain${sourceOf(environment)}`,
    timeoutCode: "aws_sts_unreachable",
    async run() {
      key = await credentials();
      const until = key.expiration ? ` until ${key.expiration.toISOString()}` : "";
      return `a ${key.sessionToken === undefined ? "long-lived" : "temporary"} key${until}`;
    },
  };
  const authorization: StepCheck = {
    step: "authorization",
    tried: `sts:GetCallerIdentity at ${endpoint}`,
    async run(signal) {
      if (!key) throw new Error("no access key");
      try {
        answer = await callerIdentity(endpoint, region, key, signal);
      } catch (error) {
        return `unknown: STS can't be reached (${describeCause(error)})`;
      }
      identity.skewS = answer.skewS;
      if (Math.abs(answer.skewS) > SKEW_MAX_S) return "the clock is wrong";
      const [, arn] = /<Arn>([^<]+)<\/Arn>/.exec(answer.body) ?? [];
      if (arn === undefined) return { code: "aws_key_refused", said: quote(answer.status, withoutTags(answer.body)) };
      identity.arn = roleOf(arn);
      return arn;
    },
  };
  const probe: StepCheck = {
    step: "probe",
    tried: "this machine's clock against STS's",
    run: async () => (answer ? judgeClock(answer.skewS) : "unknown: STS can't be reached"),
  };
  return {
    dependency: "aws",
    names: { region },
    checks: [authentication, authorization, probe],
    explain: (error) => explain(error, environment),
  };
}

function sourceOf(environment: NodeJS.ProcessEnv): string {
  if (environment.AWS_ACCESS_KEY_ID) return ", AWS_ACCESS_KEY_ID";
  if (environment.AWS_PROFILE) return `, AWS_PROFILE ${environment.AWS_PROFILE}`;
  if (environment.AWS_WEB_IDENTITY_TOKEN_FILE) return `, IRSA for ${environment.AWS_ROLE_ARN ?? "no AWS_ROLE_ARN"}`;
  return environment.AWS_CONTAINER_CREDENTIALS_FULL_URI ? ", EKS Pod Identity" : "";
}

/** Signed here and not by the SDK's client, which silently corrects a wrong clock. */
async function callerIdentity(endpoint: string, region: string, credentials: AwsCredentials, signal: AbortSignal) {
  const { hostname, host, protocol, port } = new URL(endpoint);
  const signer = await openSigner("sts", region, credentials);
  const body = "Action=GetCallerIdentity&Version=2011-06-15";
  const { headers } = await signer.sign({
    ...{ method: "POST", protocol, hostname, path: "/", query: {}, body },
    ...(port !== "" && { port: Number(port) }),
    headers: { host, "content-type": "application/x-www-form-urlencoded" },
  });
  const askedAtMs = Date.now();
  const response = await fetch(endpoint, { method: "POST", headers, body, signal });
  const answered = await response.text();
  const middleMs = (askedAtMs + Date.now()) / 2;
  const date = Date.parse(response.headers.get("date") ?? "");
  // The header has whole seconds: half a second is the best guess of the rest.
  const skewS = Number.isNaN(date) ? 0 : Math.round((middleMs - date - 500) / 1_000);
  return { status: response.status, body: answered, skewS };
}

function judgeClock(skewS: number): string | CheckFailure {
  const off = Math.abs(skewS);
  if (off <= SKEW_MAX_S) return off <= 1 ? "within a second of AWS" : `${off} s ${directionOf(skewS)} AWS`;
  const names = { seconds: String(off), direction: directionOf(skewS) };
  return {
    code: "clock_skew",
    said: `the clock is ${off} s ${names.direction} the Date header of the response`,
    names,
  };
}

export function directionOf(skewS: number): "ahead of" | "behind" {
  return skewS > 0 ? "ahead of" : "behind";
}

/** A session's ARN holds the role's name, but not the role's path. */
function roleOf(arn: string): string {
  return arn.replace(/^(arn:[\w-]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, "$1:iam::$2:role/$3");
}

function explain(error: unknown, environment: NodeJS.ProcessEnv): CheckFailure | undefined {
  const said = describeCause(error);
  const { name } = error as Error;
  if (/ENOENT|EACCES/.test(said) && environment.AWS_WEB_IDENTITY_TOKEN_FILE) {
    return { code: "aws_token_file_missing", said };
  }
  if (name === "AccessDenied" || /not authorized to perform: sts:AssumeRoleWithWebIdentity/i.test(said)) {
    return { code: "aws_trust_policy", said, tried: `sts:AssumeRoleWithWebIdentity on ${environment.AWS_ROLE_ARN}` };
  }
  if (/InvalidIdentityToken|OpenIDConnect provider|ExpiredToken/i.test(`${name} ${said}`)) {
    return { code: "aws_oidc_provider", said, tried: `sts:AssumeRoleWithWebIdentity on ${environment.AWS_ROLE_ARN}` };
  }
  if (/ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|TimeoutError|timed out/i.test(`${name} ${said}`)) {
    return { code: "aws_sts_unreachable", said };
  }
  return { code: "aws_no_credentials", said };
}

function withoutTags(xml: string): string {
  return xml.replaceAll(/<[^>]*>/g, " ");
}
