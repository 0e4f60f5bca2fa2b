# Where the processes run: EKS; on the side ECS and Lambda, where they are asked for.

module "eks" {
  source                          = "../eks"
  name                            = var.name
  kubernetes_version              = var.eks.kubernetes_version
  node_groups                     = var.eks.node_groups
  public_access_cidrs             = var.eks.public_access_cidrs
  subnet_ids                      = module.vpc.private_subnet_ids
  control_plane_security_group_id = module.security_groups.ids["control-plane"]
  node_security_group_id          = module.security_groups.ids["nodes"]
  kms_key_arn                     = module.kms.arns["data"]
  logs_kms_key_arn                = module.kms.arns["logs"]
  log_retention_days              = var.log_retention_days
  tags                            = var.tags

  administrator_role_arns = merge(var.administrator_role_arns, {
    deploy  = module.github_oidc.role_arns["deploy"]
    bastion = module.bastion.role_arn
  })
}

module "ecr" {
  source       = "../ecr"
  name         = var.name
  repositories = ["millrace/ingest", "millrace/embed", "millrace/sink", "millrace/api", "millrace/cli", "millrace/connect", "charts/millrace"]
  # Ten, and their signatures.
  keep_images  = 20
  kms_key_arn  = module.kms.arns["data"]
  force_delete = !var.deletion_protection
}

module "ecs" {
  count = var.ecs == null ? 0 : 1

  source                 = "../ecs"
  name                   = var.name
  api                    = var.ecs.api
  connect                = var.ecs.connect
  spot                   = var.ecs.spot
  image_registry         = module.ecr.registry
  repository_arns        = [module.ecr.arns["millrace/api"], module.ecr.arns["millrace/connect"]]
  environment            = { api = { for name, value in local.environment : name => tostring(value) } }
  policies               = { api = module.iam_roles.policies["api"] }
  services_with_policy   = ["api"]
  connect_lag            = local.on_msk ? { per_task = 10000, cluster_name = var.name, consumer_group = "connect-warehouse", topic = "events" } : null
  certificate_arn        = var.ecs.certificate_arn
  origin_header          = var.origin_header
  deletion_protection    = var.deletion_protection
  vpc_id                 = module.vpc.vpc_id
  public_subnet_ids      = module.vpc.public_subnet_ids
  private_subnet_ids     = module.vpc.private_subnet_ids
  alb_security_group_id  = module.security_groups.ids["alb"]
  task_security_group_id = module.security_groups.ids["tasks"]
  secrets_kms_key_arn    = module.kms.arns["secrets"]
  logs_kms_key_arn       = module.kms.arns["logs"]
  log_retention_days     = var.log_retention_days
}

module "lambda_commerce" {
  count = var.commerce == null ? 0 : 1

  source              = "../lambda-commerce"
  name                = var.name
  package             = var.commerce.package
  schedule            = var.commerce.schedule
  schedule_enabled    = var.commerce.schedule_enabled
  on_msk              = local.on_msk
  msk_cluster_arn     = one(module.msk[*].arn)
  bootstrap_servers   = local.bootstrap_servers_scram
  scram_secret_arns   = module.secrets.scram_secret_arns
  subnet_ids          = module.vpc.private_subnet_ids
  security_group_id   = module.security_groups.ids["functions"]
  kms_key_arn         = module.kms.arns["data"]
  secrets_kms_key_arn = module.kms.arns["secrets"]
  logs_kms_key_arn    = module.kms.arns["logs"]
  log_retention_days  = var.log_retention_days
}
