# A Redis replication group: TLS, encrypted, its users by IAM or one by AUTH token, failing over where it has a replica.

locals {
  by_iam = var.authentication == "iam"
}

resource "aws_elasticache_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_elasticache_parameter_group" "this" {
  name        = "${var.name}-redis7"
  family      = "redis7"
  description = "${var.name}: refuses writes when full instead of evicting progress and fences"

  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

# ElastiCache asks that an IAM user's id is its name.
resource "aws_elasticache_user" "iam" {
  for_each = local.by_iam ? var.users : {}

  user_id       = each.key
  user_name     = each.key
  engine        = "redis"
  access_string = "on ${each.value}"

  authentication_mode {
    type = "iam"
  }
}

# Each group must have a user named default; this one can do nothing.
resource "aws_elasticache_user" "default" {
  count = local.by_iam ? 1 : 0

  user_id       = "${var.name}-default"
  user_name     = "default"
  engine        = "redis"
  access_string = "off -@all"

  authentication_mode {
    type = "no-password-required"
  }
}

resource "aws_elasticache_user_group" "this" {
  count = local.by_iam ? 1 : 0

  user_group_id = var.name
  engine        = "redis"
  user_ids      = concat([aws_elasticache_user.default[0].user_id], [for user in aws_elasticache_user.iam : user.user_id])
}

resource "aws_cloudwatch_log_group" "slow" {
  #checkov:skip=CKV_AWS_338:a year by default; dev and staging keep less
  name              = "/aws/elasticache/${var.name}/slow"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_kms_key_arn
}

resource "aws_elasticache_replication_group" "this" {
  #checkov:skip=CKV_AWS_31:users log in by IAM; an AUTH token where authentication is token
  #checkov:skip=CKV2_AWS_50:failover is the environment's choice: one node in dev alone
  replication_group_id = var.name
  description          = "${var.name}: progress, rate budget, embedding cache"
  engine               = "redis"
  engine_version       = "7.1"
  node_type            = var.node_type
  num_cache_clusters   = var.nodes
  port                 = 6379

  automatic_failover_enabled = var.nodes > 1
  multi_az_enabled           = var.nodes > 1

  transit_encryption_enabled = true
  at_rest_encryption_enabled = true
  kms_key_id                 = var.kms_key_arn
  user_group_ids             = local.by_iam ? [aws_elasticache_user_group.this[0].user_group_id] : null
  auth_token                 = local.by_iam ? null : var.auth_token

  subnet_group_name    = aws_elasticache_subnet_group.this.name
  security_group_ids   = [var.security_group_id]
  parameter_group_name = aws_elasticache_parameter_group.this.name

  snapshot_retention_limit   = var.snapshot_days
  snapshot_window            = "01:00-02:00"
  maintenance_window         = "sun:04:30-sun:05:30"
  auto_minor_version_upgrade = true
  apply_immediately          = false

  log_delivery_configuration {
    log_type         = "slow-log"
    log_format       = "json"
    destination_type = "cloudwatch-logs"
    destination      = aws_cloudwatch_log_group.slow.name
  }

  lifecycle {
    prevent_destroy = true

    precondition {
      condition     = local.by_iam || var.auth_token != null
      error_message = "auth_token is missing: give one, or authentication = \"iam\"."
    }
  }
}
