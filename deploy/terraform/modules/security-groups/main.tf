# Who may reach whom, written once: each flow becomes an egress rule of its source and an ingress rule of its target, by
# reference. The only ingress by address is the load balancer's, and SSH to the bastion from ranges that you name.

locals {
  groups = {
    alb           = "Load balancers: HTTP and HTTPS from the Internet"
    control-plane = "EKS control plane"
    nodes         = "EKS nodes and their pods"
    tasks         = "ECS tasks"
    functions     = "Lambda functions"
    database      = "RDS"
    cache         = "ElastiCache"
    msk           = "Amazon MSK"
    kafka         = "Kafka on EC2: brokers, controllers, control center"
    search        = "OpenSearch"
    bastion       = "Bastion"
  }

  clients = ["nodes", "tasks"]

  flows = merge(
    {
      "alb to nodes"                 = { from = "alb", to = "nodes", port = 8080 }
      "alb to tasks"                 = { from = "alb", to = "tasks", port = 8080 }
      "control-plane to nodes"       = { from = "control-plane", to = "nodes", port = 443 }
      "control-plane to kubelets"    = { from = "control-plane", to = "nodes", port = 10250 }
      "control-plane to webhooks"    = { from = "control-plane", to = "nodes", port = 9443 }
      "nodes to control-plane"       = { from = "nodes", to = "control-plane", port = 443 }
      "bastion to control-plane"     = { from = "bastion", to = "control-plane", port = 443 }
      "tasks to tasks (Connect)"     = { from = "tasks", to = "tasks", port = 8083 }
      "functions to msk (SCRAM)"     = { from = "functions", to = "msk", port = 9096 }
      "functions to kafka (SCRAM)"   = { from = "functions", to = "kafka", port = 9096 }
      "nodes to msk (JMX metrics)"   = { from = "nodes", to = "msk", port = 11001 }
      "nodes to msk (host metrics)"  = { from = "nodes", to = "msk", port = 11002 }
      "bastion to kafka (SSH)"       = { from = "bastion", to = "kafka", port = 22 }
      "bastion to kafka (console)"   = { from = "bastion", to = "kafka", port = 9021 }
      "kafka to kafka (brokers)"     = { from = "kafka", to = "kafka", port = 9094 }
      "kafka to kafka (controllers)" = { from = "kafka", to = "kafka", port = 9093 }
      "kafka to kafka (SCRAM)"       = { from = "kafka", to = "kafka", port = 9096 }
    },
    # What the processes reach, from pods and from tasks alike.
    merge([for client in local.clients : merge(
      { for port in var.database_ports : "${client} to database (${port})" => { from = client, to = "database", port = port } },
      {
        "${client} to cache"         = { from = client, to = "cache", port = 6379 }
        "${client} to msk (IAM)"     = { from = client, to = "msk", port = 9098 }
        "${client} to msk (SCRAM)"   = { from = client, to = "msk", port = 9096 }
        "${client} to kafka (SCRAM)" = { from = client, to = "kafka", port = 9096 }
        "${client} to search"        = { from = client, to = "search", port = 443 }
      },
    )]...),
    { for port in var.database_ports : "bastion to database (${port})" => { from = "bastion", to = "database", port = port } },
    { for client in ["nodes", "tasks", "functions", "kafka", "bastion"] : "${client} to endpoints" => { from = client, to = "endpoints", port = 443 } },
  )

  # HTTPS to the Internet, by NAT: an embeddings API, packages, and AWS where it has no endpoint.
  to_internet = ["nodes", "tasks", "kafka", "bastion"]

  ids = merge({ for name, group in aws_security_group.this : name => group.id }, { endpoints = var.endpoints_security_group_id })
}

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:attached by the modules that are given its id
  for_each = local.groups

  name_prefix = "${var.name}-${each.key}-"
  description = each.value
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-${each.key}" }

  # A group can't be deleted while something uses it, so its successor comes first, under another name.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "flow" {
  for_each = local.flows

  security_group_id            = local.ids[each.value.to]
  referenced_security_group_id = local.ids[each.value.from]
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  description                  = each.key
}

resource "aws_vpc_security_group_egress_rule" "flow" {
  for_each = local.flows

  security_group_id            = local.ids[each.value.from]
  referenced_security_group_id = local.ids[each.value.to]
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  description                  = each.key
}

# Pods talk to pods on any port; between namespaces, network policies decide.
resource "aws_vpc_security_group_ingress_rule" "nodes" {
  security_group_id            = local.ids["nodes"]
  referenced_security_group_id = local.ids["nodes"]
  ip_protocol                  = "-1"
  description                  = "nodes to nodes"
}

resource "aws_vpc_security_group_egress_rule" "nodes" {
  security_group_id            = local.ids["nodes"]
  referenced_security_group_id = local.ids["nodes"]
  ip_protocol                  = "-1"
  description                  = "nodes to nodes"
}

resource "aws_vpc_security_group_ingress_rule" "internet" {
  #checkov:skip=CKV_AWS_260:port 80 answers with a redirect to HTTPS, and nothing else
  for_each = { for pair in setproduct([80, 443], ["0.0.0.0/0", "::/0"]) : "${pair[0]} from ${pair[1]}" => { port = pair[0], cidr = pair[1] } }

  security_group_id = local.ids["alb"]
  cidr_ipv4         = strcontains(each.value.cidr, ":") ? null : each.value.cidr
  cidr_ipv6         = strcontains(each.value.cidr, ":") ? each.value.cidr : null
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  description       = "Internet to alb (${each.value.port})"
}

resource "aws_vpc_security_group_egress_rule" "internet" {
  for_each = toset(local.to_internet)

  security_group_id = local.ids[each.key]
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  description       = "${each.key} to the Internet by HTTPS"
}

# S3's gateway endpoint is reached by its prefix list: image layers for functions and brokers without NAT.
resource "aws_vpc_security_group_egress_rule" "s3" {
  security_group_id = local.ids["functions"]
  prefix_list_id    = data.aws_ec2_managed_prefix_list.s3.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  description       = "functions to S3"
}

data "aws_region" "current" {}

data "aws_ec2_managed_prefix_list" "s3" {
  name = "com.amazonaws.${data.aws_region.current.name}.s3"
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each = var.bastion_ssh_cidrs

  security_group_id = local.ids["bastion"]
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  description       = "SSH to bastion"
}
