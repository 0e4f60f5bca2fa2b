import type { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentials } from "./credentials.ts";

/** Signs requests to one service, by AWS Signature Version 4. */
export async function openSigner(service: string, region: string, credentials: AwsCredentials): Promise<SignatureV4> {
  // Both together take 17 MB of memory: only a process that signs loads them.
  const [{ Sha256 }, { SignatureV4 }] = await Promise.all([
    import("@aws-crypto/sha256-js"),
    import("@smithy/signature-v4"),
  ]);
  return new SignatureV4({ service, region, credentials, sha256: Sha256 });
}
