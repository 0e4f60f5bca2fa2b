# Every module that moto knows, applied at once. check.bash copies it beside the modules and applies it there.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

# AWS_ENDPOINT_URL names moto.
provider "aws" {
  region                      = "eu-central-1"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true

  default_tags {
    tags = module.naming.tags
  }
}

provider "aws" {
  alias                       = "us_east_1"
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

locals {
  name = module.naming.name
}

resource "aws_acm_certificate" "api" {
  domain_name       = "api.example.com"
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_acm_certificate" "public" {
  provider          = aws.us_east_1
  domain_name       = "api.example.com"
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

module "naming" {
  source      = "../modules/naming"
  project     = "millrace"
  environment = "dev"
  cost_center = "streaming"
}

module "kms" {
  source = "../modules/kms"
  name   = local.name
}

module "vpc" {
  source           = "../modules/vpc"
  name             = local.name
  nat              = "per_az"
  logs_kms_key_arn = module.kms.arns["logs"]
}

module "security_groups" {
  source                      = "../modules/security-groups"
  name                        = local.name
  vpc_id                      = module.vpc.vpc_id
  endpoints_security_group_id = module.vpc.endpoints_security_group_id
  database_ports              = [5432, 3306]
  bastion_ssh_cidrs           = ["203.0.113.0/24"]
}

module "secrets" {
  source               = "../modules/secrets"
  name                 = local.name
  kms_key_arn          = module.kms.arns["secrets"]
  scram_users          = ["order_generator", "payment_processor", "inventory_manager", "shipping_handler", "notification_handler"]
  external_secrets     = { openai = "Key of the embeddings API" }
  password_seed        = "0123456789abcdef0123456789abcdef"
  recovery_window_days = 0
}

module "rds" {
  source              = "../modules/rds"
  name                = local.name
  instance_class      = "db.t4g.small"
  deletion_protection = false
  subnet_ids          = module.vpc.database_subnet_ids
  security_group_id   = module.security_groups.ids["database"]
  kms_key_arn         = module.kms.arns["data"]
  secrets_kms_key_arn = module.kms.arns["secrets"]
  logs_kms_key_arn    = module.kms.arns["logs"]
}

module "ecr" {
  source       = "../modules/ecr"
  name         = local.name
  kms_key_arn  = module.kms.arns["data"]
  force_delete = true
}

module "eks" {
  source                          = "../modules/eks"
  name                            = local.name
  subnet_ids                      = module.vpc.private_subnet_ids
  control_plane_security_group_id = module.security_groups.ids["control-plane"]
  node_security_group_id          = module.security_groups.ids["nodes"]
  kms_key_arn                     = module.kms.arns["data"]
  logs_kms_key_arn                = module.kms.arns["logs"]
  administrator_role_arns         = { deploy = module.github_oidc.role_arns["deploy"], bastion = module.bastion.role_arn }

  node_groups = {
    base  = { instance_types = ["t3.small"], spot = false, min = 1, max = 2 }
    burst = { instance_types = ["t3.small", "t3a.small"], spot = true, min = 1, max = 4 }
  }
}

module "bastion" {
  source            = "../modules/bastion"
  name              = local.name
  eks_cluster_arn   = module.eks.arn
  subnet_id         = module.vpc.private_subnet_ids[0]
  security_group_id = module.security_groups.ids["bastion"]
  kms_key_arn       = module.kms.arns["data"]
}

module "kafka_ec2" {
  source            = "../modules/kafka-ec2"
  name              = local.name
  vpc_id            = module.vpc.vpc_id
  subnet_ids        = module.vpc.private_subnet_ids
  security_group_id = module.security_groups.ids["kafka"]
  kms_key_arn       = module.kms.arns["data"]
}

module "iam_roles" {
  source               = "../modules/iam-roles"
  name                 = local.name
  services             = ["kafka-cluster", "rds-db", "es", "elasticache", "secretsmanager"]
  eks_cluster_name     = module.eks.name
  oidc_provider_arn    = module.eks.oidc_provider_arn
  oidc_issuer          = module.eks.oidc_issuer
  kafka_cluster_name   = local.name
  database_resource_id = module.rds.resource_id
  search_domain_name   = local.name
  cache_name           = local.name
  openai_secret_arn    = module.secrets.external_secret_arns["openai"]
  secrets_kms_key_arn  = module.kms.arns["secrets"]
}

module "github_oidc" {
  source              = "../modules/github-oidc"
  name                = local.name
  environment         = "dev"
  repository          = "example/millrace"
  state_bucket_arn    = "arn:aws:s3:::state"
  state_kms_key_arn   = module.kms.arns["data"]
  secrets_kms_key_arn = module.kms.arns["secrets"]
  repository_arns     = values(module.ecr.arns)
  eks_cluster_arn     = module.eks.arn
}

module "ecs" {
  source                 = "../modules/ecs"
  name                   = local.name
  image_registry         = module.ecr.registry
  repository_arns        = [module.ecr.arns["millrace/api"]]
  policies               = { api = module.iam_roles.policies["api"] }
  services_with_policy   = ["api"]
  certificate_arn        = aws_acm_certificate.api.arn
  origin_header          = "0123456789abcdef"
  deletion_protection    = false
  vpc_id                 = module.vpc.vpc_id
  public_subnet_ids      = module.vpc.public_subnet_ids
  private_subnet_ids     = module.vpc.private_subnet_ids
  alb_security_group_id  = module.security_groups.ids["alb"]
  task_security_group_id = module.security_groups.ids["tasks"]
  secrets_kms_key_arn    = module.kms.arns["secrets"]
  logs_kms_key_arn       = module.kms.arns["logs"]
  connect_lag            = { per_task = 10000, cluster_name = local.name, consumer_group = "connect-warehouse", topic = "events" }
}

module "lambda_commerce" {
  source              = "../modules/lambda-commerce"
  name                = local.name
  package             = { bucket = "package", key = "commerce/1.0.0.zip" }
  on_msk              = false
  bootstrap_servers   = module.kafka_ec2.bootstrap_servers_scram
  scram_secret_arns   = module.secrets.scram_secret_arns
  subnet_ids          = module.vpc.private_subnet_ids
  security_group_id   = module.security_groups.ids["functions"]
  kms_key_arn         = module.kms.arns["data"]
  secrets_kms_key_arn = module.kms.arns["secrets"]
  logs_kms_key_arn    = module.kms.arns["logs"]
}

module "waf" {
  source    = "../modules/waf"
  providers = { aws = aws.us_east_1 }
  name      = local.name
}

module "cloudfront" {
  source          = "../modules/cloudfront"
  name            = local.name
  domain          = "api.example.com"
  origin_domain   = module.ecs.alb_dns_name
  origin_header   = "0123456789abcdef"
  certificate_arn = aws_acm_certificate.public.arn
  web_acl_arn     = module.waf.arn
}
