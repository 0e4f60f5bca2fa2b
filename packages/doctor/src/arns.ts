import type { Need } from "./report.ts";
import type { DoctorSettings } from "./subject.ts";

/** The region, account and partition of ARNs; an unknown part is a placeholder that names it. */
export interface Place {
  region: string;
  account: string;
  partition: string;
}

/** @param roleArn the caller's, from STS or `AWS_ROLE_ARN` */
export function placeOf({ AWS_REGION }: DoctorSettings, roleArn: string | undefined): Place {
  const [, partition = "aws", , , account = "ACCOUNT_ID"] = roleArn?.split(":") ?? [];
  return { region: AWS_REGION ?? "REGION", account, partition };
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html */
export function arnOf({ on, name = "" }: Need, settings: DoctorSettings, place: Place): string {
  const arn = (service: string, resource: string): string =>
    `arn:${place.partition}:${service}:${place.region}:${place.account}:${resource}`;
  const cluster = clusterName(settings.KAFKA_BOOTSTRAP_SERVERS);
  switch (on) {
    // The last part of a cluster's ARN is an id that its host names don't contain; its name is unique in an account.
    case "cluster":
      return arn("kafka", `cluster/${cluster}/*`);
    case "topic":
      return arn("kafka", `topic/${cluster}/*/${name}`);
    case "group":
      return arn("kafka", `group/${cluster}/*/${name}`);
    case "database-user":
      return arn("rds-db", `dbuser:DB_RESOURCE_ID/${name}`);
    case "domain":
      return arn("es", `domain/${domainName(settings.OPENSEARCH_ENDPOINT)}/*`);
    case "collection":
      return arn("aoss", `collection/${collectionId(settings.OPENSEARCH_ENDPOINT)}`);
    case "cache": {
      const kind = settings.REDIS_IAM_SERVERLESS ? "serverlesscache" : "replicationgroup";
      return arn("elasticache", `${kind}:${settings.REDIS_IAM_CACHE_NAME ?? "CACHE_NAME"}`);
    }
    case "cache-user":
      return arn("elasticache", `user:${settings.REDIS_USERNAME ?? "USER_ID"}`);
    case "secret":
      return name;
  }
}

/**
 * `b-1.NAME.abc123.c2.kafka.REGION.amazonaws.com`; a serverless cluster's host (`boot-…`) does not contain the name.
 */
function clusterName(servers: readonly string[]): string {
  const [, name] = /^b-\d+(?:-public)?\.([^.]+)\.[^.]+\.[^.]+\.kafka\./.exec(servers[0] ?? "") ?? [];
  return name ?? "CLUSTER_NAME";
}

/** `https://search-NAME-hash.REGION.es.amazonaws.com`, or `vpc-NAME-hash` within a VPC. */
function domainName(endpoint = ""): string {
  const [, name] = /^https:\/\/(?:search|vpc)-(.+)-[a-z0-9]+\.[a-z0-9-]+\.es\./.exec(endpoint) ?? [];
  return name ?? "DOMAIN_NAME";
}

/** `https://ID.REGION.aoss.amazonaws.com` */
function collectionId(endpoint = ""): string {
  const [, id] = /^https:\/\/([^.]+)\.[a-z0-9-]+\.aoss\./.exec(endpoint) ?? [];
  return id ?? "COLLECTION_ID";
}
