# Who may do what: processes by their roles, workflows by theirs.

module "iam_roles" {
  source               = "../iam-roles"
  name                 = var.name
  trust                = var.eks.trust
  eks_cluster_name     = module.eks.name
  oidc_provider_arn    = module.eks.oidc_provider_arn
  oidc_issuer          = module.eks.oidc_issuer
  kafka_cluster_name   = local.on_msk ? var.name : null
  database_resource_id = module.rds.resource_id
  search_domain_name   = var.search.kind == "domain" ? var.name : null
  search_collection_id = try(split(".", trimprefix(module.opensearch_serverless[0].endpoint, "https://"))[0], null)
  cache_name           = module.elasticache.cache_name
  openai_secret_arn    = module.secrets.external_secret_arns["openai"]
  secrets_kms_key_arn  = module.kms.arns["secrets"]

  services = concat(
    ["rds-db", "elasticache", "secretsmanager"],
    local.on_msk ? ["kafka-cluster"] : [],
    [{ domain = "es", serverless = "aoss" }[var.search.kind]],
  )
}

module "github_oidc" {
  source               = "../github-oidc"
  name                 = var.name
  environment          = var.environment
  repository           = var.github.repository
  create_provider      = var.github.create_provider
  state_bucket_arn     = var.state.bucket_arn
  state_kms_key_arn    = var.state.kms_key_arn
  secrets_kms_key_arn  = module.kms.arns["secrets"]
  repository_arns      = values(module.ecr.arns)
  eks_cluster_arn      = module.eks.arn
  image_parameter_arns = flatten(module.ecs[*].image_parameter_arns)
}

module "budget" {
  source      = "../budget"
  name        = var.name
  environment = var.environment
  project     = var.tags.Project
  limit_usd   = var.budget.limit_usd
  emails      = var.budget.emails
}
