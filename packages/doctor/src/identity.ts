import { readFileSync } from "node:fs";

/**
 * A pod's identity under IRSA: the issuer of its token, without `https://`, and `system:serviceaccount:NAMESPACE:NAME`.
 */
export interface PodIdentity {
  issuer: string;
  subject: string;
}

/** What the examinations learn about the caller; the remedies of all dependencies use it. */
export interface CallerIdentity {
  /** The caller's ARN from STS, or `AWS_ROLE_ARN`. */
  arn?: string;
  /** How far this machine's clock is ahead of AWS's. */
  skewS?: number;
  /** The claims of the pod's web identity token. */
  pod?: PodIdentity;
}

/** What the environment alone reveals. */
export function identityOf(environment: NodeJS.ProcessEnv): CallerIdentity {
  const { AWS_ROLE_ARN: arn, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile } = environment;
  const pod = tokenFile === undefined ? undefined : podOf(tokenFile);
  return { ...(arn && { arn }), ...(pod && { pod }) };
}

/** Reads the claims of a web identity token. They are not secret; the token's signature is. */
function podOf(tokenFile: string): PodIdentity | undefined {
  try {
    const [, claims = ""] = readFileSync(tokenFile, "utf8").split(".");
    const { iss, sub } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { iss?: string; sub?: string };
    return iss && sub ? { issuer: iss.replace(/^https:\/\//, ""), subject: sub } : undefined;
  } catch {
    return undefined;
  }
}
