# Fargate for the events API and Kafka Connect, where there is no Kubernetes: found by name, scaled by CPU and by lag.

locals {
  services = {
    api     = { port = 8080, memory_mib = var.api.memory_mib, cpu = var.api.cpu, min = var.api.min, max = var.api.max, health = "/health/ready" }
    connect = { port = 8083, memory_mib = var.connect.memory_mib, cpu = var.connect.cpu, min = var.connect.min, max = var.connect.max, health = "/connectors" }
  }
}

data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]

  default_capacity_provider_strategy {
    capacity_provider = var.spot ? "FARGATE_SPOT" : "FARGATE"
    weight            = 1
  }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:a year by default; dev and staging keep less
  for_each = local.services

  name              = "/${var.name}/ecs/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_kms_key_arn
}

# Tasks find each other as connect.NAME.internal.
resource "aws_service_discovery_private_dns_namespace" "this" {
  name        = "${var.name}.internal"
  description = "ECS services of ${var.name}"
  vpc         = var.vpc_id
}

resource "aws_service_discovery_service" "this" {
  for_each = local.services

  name = each.key

  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.this.id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }

  health_check_custom_config {
    failure_threshold = 1
  }
}
