import type { PolicyDocument, Statement } from "@millrace/shared";
import { arnOf, type Place, placeOf } from "./arns.ts";
import type { CallerIdentity, PodIdentity } from "./identity.ts";
import { needsOf } from "./needs.ts";
import type { Need } from "./report.ts";
import type { DoctorSettings, Subject } from "./subject.ts";

/** The minimal policy for the role of a process. */
export function policyOf(subject: Subject, settings: DoctorSettings, roleArn?: string): PolicyDocument {
  return grant(needsOf(subject, settings), settings, placeOf(settings, roleArn));
}

/** Statements that allow exactly these needs; resources with the same actions share a statement. */
export function grant(needs: readonly Need[], settings: DoctorSettings, place: Place): PolicyDocument {
  const actionsByResource = new Map<string, Set<string>>();
  for (const need of needs) {
    const resource = arnOf(need, settings, place);
    const actions = actionsByResource.get(resource) ?? new Set();
    actionsByResource.set(resource, actions.add(need.action));
  }
  const statements = new Map<string, Statement & { Resource: string[] }>();
  for (const [resource, actions] of actionsByResource) {
    const Action = [...actions];
    const key = Action.join();
    const known = statements.get(key);
    if (known) known.Resource.push(resource);
    else statements.set(key, { Effect: "Allow", Action, Resource: [resource] });
  }
  return { Version: "2012-10-17", Statement: [...statements.values()] };
}

/** Lets the pods of one service account assume the role with their web identity token (IRSA). */
function irsaTrustPolicy({ issuer, subject }: PodIdentity, { account, partition }: Place): PolicyDocument {
  const Condition = { StringEquals: { [`${issuer}:aud`]: "sts.amazonaws.com", [`${issuer}:sub`]: subject } };
  const Principal = { Federated: `arn:${partition}:iam::${account}:oidc-provider/${issuer}` };
  const statement: Statement = { Effect: "Allow", Principal, Action: ["sts:AssumeRoleWithWebIdentity"], Condition };
  return { Version: "2012-10-17", Statement: [statement] };
}

/** Lets EKS Pod Identity assign the role to the pods of an association. */
const podIdentityTrustPolicy: PolicyDocument = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: { Service: "pods.eks.amazonaws.com" }, Action: ["sts:AssumeRole", "sts:TagSession"] },
  ],
};

export type TrustKind = "irsa" | "pod-identity";

/** The trust policy of the role in this environment; unknown parts are placeholders that name them. */
export function trustPolicyOf(kind: TrustKind, settings: DoctorSettings, { arn, pod }: CallerIdentity): PolicyDocument {
  if (kind === "pod-identity") return podIdentityTrustPolicy;
  const unknown = { issuer: "OIDC_PROVIDER", subject: "system:serviceaccount:NAMESPACE:SERVICE_ACCOUNT" };
  return irsaTrustPolicy(pod ?? unknown, placeOf(settings, arn));
}

/** Serverless checks a second policy: what a role may do with the index, in a data access policy of the collection. */
export function dataAccessPolicy(subject: Subject, settings: DoctorSettings, roleArn = "ROLE_ARN") {
  const writes = subject === "sink" || subject === "all";
  const Permission = ["aoss:DescribeIndex", "aoss:ReadDocument"];
  if (writes) Permission.push("aoss:WriteDocument");
  if (writes && settings.OPENSEARCH_CREATE_INDEX !== false) Permission.push("aoss:CreateIndex");
  const Resource = [`index/COLLECTION_NAME/${settings.OPENSEARCH_INDEX ?? "INDEX"}`];
  return [{ Rules: [{ ResourceType: "index", Resource, Permission }], Principal: [roleArn] }];
}
