// What an environment costs in a month: what its plan makes, at list prices (prices.json). Traffic, requests and logs are not in it.
import { readFileSync } from "node:fs";
import { root } from "./blocks.ts";
import type { Planned } from "./plans.ts";

interface Prices {
  as_of: string;
  source: string;
  region: string;
  hours_a_month: number;
  hourly: Record<string, number>;
  monthly: Record<string, number>;
  spot_factor: number;
}

export const prices: Prices = JSON.parse(readFileSync(new URL("prices.json", root), "utf8"));

type Values = Record<string, unknown>;
const number = (value: unknown): number => Number(value ?? 0);
/** The only block of its kind. */
const only = (value: unknown): Values => (value as Values[] | undefined)?.[0] ?? {};

function hourly(thing: unknown, count = 1): number {
  const price = prices.hourly[String(thing)];
  if (price === undefined) throw new Error(`prices.json has no hourly price of ${thing}`);
  return price * count * prices.hours_a_month;
}

function monthly(thing: string, count = 1): number {
  const price = prices.monthly[thing];
  if (price === undefined) throw new Error(`prices.json has no monthly price of ${thing}`);
  return price * count;
}

/** A resource's costs, by the part of the bill that they belong to. */
const costs: Record<string, (values: Values) => [part: string, dollars: number]> = {
  aws_eks_cluster: () => ["EKS: control plane", hourly("eks cluster")],
  aws_eks_node_group: nodeGroup,
  aws_nat_gateway: () => ["NAT gateways", hourly("nat gateway") + hourly("public address")],
  aws_vpc_endpoint: ({ vpc_endpoint_type: type }) => [
    "interface endpoints",
    type === "Interface" ? hourly("interface endpoint in a zone", 3) : 0,
  ],
  aws_db_instance: ({ instance_class, multi_az, allocated_storage }) => {
    const one = hourly(instance_class) + monthly("rds gp3 GiB", number(allocated_storage));
    return ["RDS", one * (multi_az ? 2 : 1)];
  },
  aws_elasticache_replication_group: ({ node_type, num_cache_clusters }) => [
    "ElastiCache",
    hourly(node_type, number(num_cache_clusters)),
  ],
  aws_msk_cluster: ({ broker_node_group_info, number_of_broker_nodes }) => {
    const { instance_type, storage_info } = only(broker_node_group_info);
    const { volume_size } = only(only(storage_info).ebs_storage_info);
    const brokers = number(number_of_broker_nodes);
    return ["Kafka", hourly(instance_type, brokers) + monthly("msk GiB", brokers * number(volume_size))];
  },
  aws_opensearch_domain: ({ cluster_config, ebs_options }) => {
    const { instance_type, instance_count, dedicated_master_count, dedicated_master_type } = only(cluster_config);
    const nodes = number(instance_count);
    const masters = number(dedicated_master_count);
    const disks = monthly("opensearch gp3 GiB", nodes * number(only(ebs_options).volume_size));
    return [
      "OpenSearch",
      hourly(instance_type, nodes) + (masters > 0 ? hourly(dedicated_master_type, masters) : 0) + disks,
    ];
  },
  aws_instance: ({ instance_type, root_block_device, tags }) => {
    const part = String((tags as Values).Name).endsWith("bastion") ? "bastion" : "Kafka";
    return [part, hourly(instance_type) + monthly("gp3 GiB", number(only(root_block_device).volume_size))];
  },
  aws_ebs_volume: ({ size }) => ["Kafka", monthly("gp3 GiB", number(size))],
  aws_lb: () => ["ECS: load balancer and tasks", hourly("load balancer") + hourly("public address", 3)],
  aws_kms_key: () => ["keys and secrets", monthly("kms key")],
  aws_secretsmanager_secret: () => ["keys and secrets", monthly("secret")],
  aws_wafv2_web_acl: ({ rule }) => ["WAF", monthly("web ACL") + monthly("web ACL rule", (rule as unknown[]).length)],
};

function nodeGroup({ instance_types, capacity_type, scaling_config }: Values): [string, number] {
  const [type] = instance_types as string[];
  const each = hourly(type) * (capacity_type === "SPOT" ? prices.spot_factor : 1) + monthly("gp3 GiB", 30);
  return ["EKS: nodes", each * number(only(scaling_config).min_size)];
}

/** Tasks: a service runs as many as its definition's size says, which is another resource. */
function tasks(resources: Planned[]): number {
  const definitions = resources.filter(({ type }) => type === "aws_ecs_task_definition");
  return definitions.reduce((sum, { address, values }) => {
    const key = /\["(.*)"\]$/.exec(address)?.[1];
    const service = resources.find(
      ({ type, address: other }) => type === "aws_ecs_service" && other.endsWith(`["${key}"]`),
    );
    const one = hourly("fargate vCPU", number(values.cpu) / 1024) + hourly("fargate GiB", number(values.memory) / 1024);
    return sum + one * number(service?.values.desired_count);
  }, 0);
}

export function costOf(resources: Planned[]): Map<string, number> {
  const bill = new Map<string, number>();
  const add = (part: string, dollars: number) => bill.set(part, (bill.get(part) ?? 0) + dollars);
  for (const { type, values } of resources) {
    const cost = costs[type]?.(values);
    if (cost && cost[1] > 0) add(...cost);
  }
  const running = tasks(resources);
  if (running > 0) add("ECS: load balancer and tasks", running);
  return bill;
}
