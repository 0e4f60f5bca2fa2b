import { type Verdict, verdict } from "./verdict.ts";

export const awsVerdicts = {
  aws_no_credentials: verdict(
    "authentication",
    "The provider chain found no credentials.",
    "Give the pod a role: annotate its service account with eks.amazonaws.com/role-arn (IRSA) or make an EKS Pod Identity association, and restart the pod. Outside of EKS set AWS_PROFILE or a key.",
  ),
  aws_token_file_missing: verdict(
    "authentication",
    "The file of AWS_WEB_IDENTITY_TOKEN_FILE can't be read.",
    "EKS mounts it when the pod is made: check that the pod runs under the annotated service account, and restart it.",
  ),
  aws_trust_policy: verdict(
    "authentication",
    "The role does not let this service account take it.",
    "Set the role's trust policy to the one below, and check that AWS_ROLE_ARN is the role that was meant.",
  ),
  aws_oidc_provider: verdict(
    "authentication",
    "STS does not accept the pod's token.",
    "Create the IAM OIDC provider of this EKS cluster in the role's account, with the audience sts.amazonaws.com.",
  ),
  aws_sts_unreachable: verdict(
    "authentication",
    "The role could not be taken: STS does not answer.",
    "Give the subnet a way to sts.{region}.amazonaws.com: a VPC endpoint for STS whose security group allows TCP 443 from this pod, or a NAT gateway.",
  ),
  aws_key_refused: verdict(
    "authorization",
    "STS does not know the key, or it has ended.",
    "Replace the key, with its session token where it is a temporary one; see that no old AWS_ACCESS_KEY_ID hides the pod's role.",
  ),
  clock_skew: verdict(
    "probe",
    "This machine's clock is wrong by more than signatures bear.",
    "Set the clock: it is {seconds} s {direction} AWS. On EC2 use the Amazon Time Sync Service (chrony with 169.254.169.123).",
  ),
} as const satisfies Record<string, Verdict>;
