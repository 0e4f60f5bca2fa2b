# Where data lives: databases, cache, Kafka, search.

locals {
  on_msk         = var.kafka == "msk"
  commerce_users = ["order_generator", "payment_processor", "inventory_manager", "shipping_handler", "notification_handler"]
  # The pipeline logs in to MSK by IAM, and to brokers on EC2 by SCRAM as everyone does.
  scram_users = concat(local.commerce_users, ["connect"], local.on_msk ? [] : ["millrace"])

  bootstrap_servers_scram = local.on_msk ? module.msk[0].bootstrap_servers_scram : module.kafka_ec2[0].bootstrap_servers_scram

  search_endpoint = { domain = one(module.opensearch[*].endpoint), serverless = one(module.opensearch_serverless[*].endpoint) }[var.search.kind]
}

module "secrets" {
  source               = "../secrets"
  name                 = var.name
  kms_key_arn          = module.kms.arns["secrets"]
  scram_users          = local.scram_users
  external_secrets     = { openai = "Key of the embeddings API" }
  password_seed        = var.password_seed
  recovery_window_days = var.secret_recovery_days
}

module "rds" {
  source              = "../rds"
  name                = var.name
  engine              = "postgres"
  engine_version      = var.postgres.engine_version
  instance_class      = var.postgres.instance_class
  multi_az            = var.postgres.multi_az
  backup_days         = var.postgres.backup_days
  storage_gib         = var.postgres.storage_gib
  storage_max_gib     = var.postgres.storage_max_gib
  deletion_protection = var.deletion_protection
  subnet_ids          = module.vpc.database_subnet_ids
  security_group_id   = module.security_groups.ids["database"]
  kms_key_arn         = module.kms.arns["data"]
  secrets_kms_key_arn = module.kms.arns["secrets"]
  logs_kms_key_arn    = module.kms.arns["logs"]
  log_retention_days  = var.log_retention_days
}

# For a transactions service on MySQL. Without it, it uses PostgreSQL.
module "mysql" {
  count = var.mysql == null ? 0 : 1

  source               = "../rds"
  name                 = "${var.name}-mysql"
  engine               = "mysql"
  engine_version       = var.mysql.engine_version
  instance_class       = var.mysql.instance_class
  multi_az             = var.mysql.multi_az
  backup_days          = var.mysql.backup_days
  database             = "transactions"
  performance_insights = var.mysql.performance_insights
  deletion_protection  = var.deletion_protection
  subnet_ids           = module.vpc.database_subnet_ids
  security_group_id    = module.security_groups.ids["database"]
  kms_key_arn          = module.kms.arns["data"]
  secrets_kms_key_arn  = module.kms.arns["secrets"]
  logs_kms_key_arn     = module.kms.arns["logs"]
  log_retention_days   = var.log_retention_days
}

module "elasticache" {
  source             = "../elasticache"
  name               = var.name
  node_type          = var.cache.node_type
  nodes              = var.cache.nodes
  snapshot_days      = var.cache.snapshot_days
  subnet_ids         = module.vpc.database_subnet_ids
  security_group_id  = module.security_groups.ids["cache"]
  kms_key_arn        = module.kms.arns["data"]
  logs_kms_key_arn   = module.kms.arns["logs"]
  log_retention_days = var.log_retention_days
}

module "msk" {
  count = local.on_msk ? 1 : 0

  source             = "../msk"
  name               = var.name
  instance_type      = var.msk.instance_type
  storage_gib        = var.msk.storage_gib
  storage_max_gib    = var.msk.storage_max_gib
  scram_secret_arns  = values(module.secrets.scram_secret_arns)
  subnet_ids         = module.vpc.database_subnet_ids
  security_group_id  = module.security_groups.ids["msk"]
  kms_key_arn        = module.kms.arns["data"]
  logs_kms_key_arn   = module.kms.arns["logs"]
  log_retention_days = var.log_retention_days
}

module "kafka_ec2" {
  count = local.on_msk ? 0 : 1

  source                       = "../kafka-ec2"
  name                         = var.name
  broker_instance_type         = var.kafka_ec2.broker_instance_type
  broker_storage_gib           = var.kafka_ec2.broker_storage_gib
  controller_instance_type     = var.kafka_ec2.controller_instance_type
  control_center               = var.kafka_ec2.control_center
  control_center_instance_type = var.kafka_ec2.control_center_instance_type
  key_name                     = var.bastion.key_name
  vpc_id                       = module.vpc.vpc_id
  subnet_ids                   = module.vpc.private_subnet_ids
  security_group_id            = module.security_groups.ids["kafka"]
  kms_key_arn                  = module.kms.arns["data"]
}

module "opensearch" {
  count = var.search.kind == "domain" ? 1 : 0

  source                     = "../opensearch"
  name                       = var.name
  instance_type              = var.search.instance_type
  data_nodes                 = var.search.data_nodes
  master_nodes               = var.search.master_nodes
  storage_gib                = var.search.storage_gib
  create_service_linked_role = var.search.create_service_linked_role
  administrator_role_arn     = coalesce(var.search.administrator_role_arn, module.github_oidc.role_arns["apply"])
  client_role_arns           = [for role in ["sink", "sink-prepare", "api", "cli"] : module.iam_roles.arns[role]]
  subnet_ids                 = module.vpc.database_subnet_ids
  security_group_id          = module.security_groups.ids["search"]
  kms_key_arn                = module.kms.arns["data"]
  logs_kms_key_arn           = module.kms.arns["logs"]
  log_retention_days         = var.log_retention_days
}

module "opensearch_serverless" {
  count = var.search.kind == "serverless" ? 1 : 0

  source           = "../opensearch-serverless"
  name             = var.name
  index            = module.iam_roles.settings.OPENSEARCH_INDEX
  standby_replicas = var.search.standby_replicas
  vpc_id           = module.vpc.vpc_id
  subnet_ids       = module.vpc.private_subnet_ids
  # Of the endpoint, which answers as a search does.
  security_group_id = module.security_groups.ids["search"]
  kms_key_arn       = module.kms.arns["data"]

  data_access = {
    sink    = { role_arn = module.iam_roles.arns["sink"], writes = true }
    prepare = { role_arn = module.iam_roles.arns["sink-prepare"], writes = true }
    api     = { role_arn = module.iam_roles.arns["api"], writes = false }
    cli     = { role_arn = module.iam_roles.arns["cli"], writes = false }
  }
}
