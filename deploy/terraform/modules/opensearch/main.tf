# A domain in the VPC. Vectors need nothing more than a version whose k-NN plugin is on (it is, by default) and memory for
# the graphs, which live outside of the heap: t2 and micro types are refused.

locals {
  zones = min(var.data_nodes, 3)
  logs  = { INDEX_SLOW_LOGS = "index-slow", SEARCH_SLOW_LOGS = "search-slow", ES_APPLICATION_LOGS = "application", AUDIT_LOGS = "audit" }
  arn   = "arn:${data.aws_partition.current.partition}:es:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:domain/${var.name}"
}

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

# One for the account: the first domain in a VPC needs it.
resource "aws_iam_service_linked_role" "this" {
  count = var.create_service_linked_role ? 1 : 0

  aws_service_name = "opensearchservice.amazonaws.com"
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:a year by default; dev and staging keep less
  for_each = local.logs

  name              = "/aws/opensearch/${var.name}/${each.value}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_kms_key_arn
}

resource "aws_cloudwatch_log_resource_policy" "this" {
  policy_name = "${var.name}-opensearch"

  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "es.amazonaws.com" }
      Action    = ["logs:PutLogEvents", "logs:CreateLogStream"]
      # The streams of the domain's own groups.
      Resource  = [for group in aws_cloudwatch_log_group.this : "${group.arn}:*"]
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_opensearch_domain" "this" {
  #checkov:skip=CKV_AWS_317:audit logs are on, in the dynamic block below, which checkov does not unfold
  #checkov:skip=CKV_AWS_318:dedicated masters are the environment's choice: prod has three
  #checkov:skip=CKV2_AWS_59:dedicated masters are the environment's choice: prod has three
  domain_name    = var.name
  engine_version = var.engine_version

  cluster_config {
    instance_type            = var.instance_type
    instance_count           = var.data_nodes
    zone_awareness_enabled   = local.zones > 1
    dedicated_master_enabled = var.master_nodes > 0
    dedicated_master_count   = var.master_nodes > 0 ? var.master_nodes : null
    dedicated_master_type    = var.master_nodes > 0 ? var.master_instance_type : null

    dynamic "zone_awareness_config" {
      for_each = local.zones > 1 ? [local.zones] : []

      content {
        availability_zone_count = zone_awareness_config.value
      }
    }
  }

  ebs_options {
    ebs_enabled = true
    volume_type = "gp3"
    volume_size = var.storage_gib
  }

  vpc_options {
    subnet_ids         = slice(var.subnet_ids, 0, local.zones)
    security_group_ids = [var.security_group_id]
  }

  encrypt_at_rest {
    enabled    = true
    kms_key_id = var.kms_key_arn
  }

  node_to_node_encryption {
    enabled = true
  }

  domain_endpoint_options {
    enforce_https       = true
    tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"
  }

  # Fine-grained access: the administrator is a role, so that no password exists.
  advanced_security_options {
    enabled                        = true
    anonymous_auth_enabled         = false
    internal_user_database_enabled = false

    master_user_options {
      master_user_arn = var.administrator_role_arn
    }
  }

  # Who may send requests at all; what each may do is fine-grained access control's to say.
  access_policies = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = concat([var.administrator_role_arn], var.client_role_arns) }
      Action    = ["es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost", "es:ESHttpPut", "es:ESHttpDelete", "es:ESHttpPatch"]
      # The paths of this domain.
      Resource = "${local.arn}/*"
    }]
  })

  dynamic "log_publishing_options" {
    for_each = local.logs

    content {
      log_type                 = log_publishing_options.key
      cloudwatch_log_group_arn = aws_cloudwatch_log_group.this[log_publishing_options.key].arn
    }
  }

  software_update_options {
    auto_software_update_enabled = true
  }

  depends_on = [aws_cloudwatch_log_resource_policy.this, aws_iam_service_linked_role.this]

  lifecycle {
    prevent_destroy = true
  }
}
