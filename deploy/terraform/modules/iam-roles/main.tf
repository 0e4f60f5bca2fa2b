# A role for each process, with the policy that `millrace doctor --policy --process NAME` prints: policies/ is written by
# ../../policies.ts from the doctor's own code. Services that the estate does not reach by IAM are left out.

locals {
  roles = {
    ingest         = "millrace-ingest"
    embed          = "millrace-embed"
    sink           = "millrace-sink"
    "sink-prepare" = "millrace-sink-prepare"
    api            = "millrace-api"
    cli            = "millrace-cli"
  }

  settings = jsondecode(file("${path.module}/settings.json"))

  rendered = {
    for role in keys(local.roles) : role => jsondecode(templatefile("${path.module}/policies/${role}.json.tftpl", {
      partition            = data.aws_partition.current.partition
      region               = data.aws_region.current.name
      account_id           = data.aws_caller_identity.current.account_id
      kafka_cluster_name   = coalesce(var.kafka_cluster_name, "none")
      database_resource_id = coalesce(var.database_resource_id, "none")
      search_domain_name   = coalesce(var.search_domain_name, "none")
      search_collection_id = coalesce(var.search_collection_id, "none")
      cache_name           = coalesce(var.cache_name, "none")
      openai_secret_arn    = coalesce(var.openai_secret_arn, "none")
    }))
  }

  policies = {
    for role, policy in local.rendered : role => {
      Version   = policy.Version
      Statement = [for statement in policy.Statement : statement if contains(var.services, split(":", statement.Action[0])[0])]
    }
  }

  # From the templates as they lie there: which roles get a policy must be known before the database has its id.
  with_policy = toset([
    for role in keys(local.roles) : role if length([
      for statement in jsondecode(file("${path.module}/policies/${role}.json.tftpl")).Statement : statement
      if contains(var.services, split(":", statement.Action[0])[0])
    ]) > 0
  ])

  trust = {
    irsa = {
      for role, account in local.roles : role => {
        Principal = { Federated = var.oidc_provider_arn }
        Action    = ["sts:AssumeRoleWithWebIdentity"]
        Condition = {
          StringEquals = {
            "${var.oidc_issuer}:aud" = "sts.amazonaws.com"
            "${var.oidc_issuer}:sub" = "system:serviceaccount:${var.namespace}:${account}"
          }
        }
      }
    }
    "pod-identity" = {
      for role, account in local.roles : role => {
        Principal = { Service = "pods.eks.amazonaws.com" }
        Action    = ["sts:AssumeRole", "sts:TagSession"]
        Condition = null
      }
    }
  }
}

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = "${var.name}-${each.key}"
  description          = "${each.key} of ${var.name}, for the service account ${var.namespace}/${each.value}"
  max_session_duration = 3600

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ for key, value in merge({ Effect = "Allow" }, local.trust[var.trust][each.key]) : key => value if value != null }]
  })
}

# IAM refuses a policy without statements, which a role has where it reaches nothing by IAM.
resource "aws_iam_role_policy" "doctor" {
  for_each = local.with_policy

  name   = "doctor"
  role   = aws_iam_role.this[each.key].id
  policy = jsonencode(local.policies[each.key])
}

# The key's secret is encrypted by our own key, which the doctor can't know: embed, and through Secrets Manager alone.
resource "aws_iam_role_policy" "secrets_key" {
  count = contains(var.services, "secretsmanager") ? 1 : 0

  name = "secrets-key"
  role = aws_iam_role.this["embed"].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = [var.secrets_kms_key_arn]
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${data.aws_region.current.name}.amazonaws.com" } }
    }]
  })
}

resource "aws_eks_pod_identity_association" "this" {
  for_each = var.trust == "pod-identity" ? local.roles : {}

  cluster_name    = var.eks_cluster_name
  namespace       = var.namespace
  service_account = each.value
  role_arn        = aws_iam_role.this[each.key].arn
}
