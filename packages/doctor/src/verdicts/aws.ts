import { type Verdict, verdict } from "./verdict.ts";

export const awsVerdicts = {
  aws_no_credentials: verdict(
    "authentication",
    "The provider chain found no credentials.",
    "Give the pod a role: annotate its service account with eks.amazonaws.com/role-arn (IRSA) or create an EKS Pod Identity association, then restart the pod. Outside EKS, set AWS_PROFILE or an access key.",
  ),
  aws_token_file_missing: verdict(
    "authentication",
    "The file named by AWS_WEB_IDENTITY_TOKEN_FILE can't be read.",
    "EKS mounts it when it creates the pod: check that the pod uses the annotated service account, and restart it.",
  ),
  aws_trust_policy: verdict(
    "authentication",
    "The role does not trust this service account.",
    "Set the role's trust policy to the one below, and check that AWS_ROLE_ARN names the intended role.",
  ),
  aws_oidc_provider: verdict(
    "authentication",
    "STS does not accept the pod's token.",
    "Create the IAM OIDC provider of this EKS cluster in the role's account, with the audience sts.amazonaws.com.",
  ),
  aws_sts_unreachable: verdict(
    "authentication",
    "The role could not be assumed: STS does not answer.",
    "Give the subnet a route to sts.{region}.amazonaws.com: a VPC endpoint for STS whose security group allows TCP 443 from this pod, or a NAT gateway.",
  ),
  aws_key_refused: verdict(
    "authorization",
    "STS does not recognize the access key, or it has expired.",
    "Replace the key, and for a temporary key its session token; check that no stale AWS_ACCESS_KEY_ID overrides the pod's role.",
  ),
  clock_skew: verdict(
    "probe",
    "This machine's clock is off by more than signatures tolerate.",
    "Correct the clock: it is {seconds} s {direction} AWS. On EC2, use the Amazon Time Sync Service (chrony with 169.254.169.123).",
  ),
} as const satisfies Record<string, Verdict>;
