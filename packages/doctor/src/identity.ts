import { readFileSync } from "node:fs";

/** Who a pod is under IRSA: the issuer of its token, without `https://`, and `system:serviceaccount:NAMESPACE:NAME`. */
export interface PodIdentity {
  issuer: string;
  subject: string;
}

/** What is learned of the caller, for the remedies of all dependencies. */
export interface CallerIdentity {
  /** The caller's ARN by STS, or the one of `AWS_ROLE_ARN`. */
  arn?: string;
  /** How far this machine's clock is ahead of AWS's. */
  skewS?: number;
  /** What the pod's web identity token says of itself. */
  pod?: PodIdentity;
}

/** What the environment alone tells. */
export function identityOf(environment: NodeJS.ProcessEnv): CallerIdentity {
  const { AWS_ROLE_ARN: arn, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile } = environment;
  const pod = tokenFile === undefined ? undefined : podOf(tokenFile);
  return { ...(arn && { arn }), ...(pod && { pod }) };
}

/** The claims of a web identity token, which are no secret; its signature is. */
function podOf(tokenFile: string): PodIdentity | undefined {
  try {
    const [, claims = ""] = readFileSync(tokenFile, "utf8").split(".");
    const { iss, sub } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { iss?: string; sub?: string };
    return iss && sub ? { issuer: iss.replace(/^https:\/\//, ""), subject: sub } : undefined;
  } catch {
    return undefined;
  }
}
