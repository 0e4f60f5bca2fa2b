# The same text in each environment; what differs is in terraform.tfvars.

module "naming" {
  source      = "../../modules/naming"
  project     = var.project
  environment = var.environment
  cost_center = var.cost_center
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = module.naming.tags
  }
}

# CloudFront's web ACL and certificates are there, wherever the rest is.
provider "aws" {
  alias               = "us_east_1"
  region              = "us-east-1"
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = module.naming.tags
  }
}

module "estate" {
  source    = "../../modules/estate"
  providers = { aws = aws, aws.us_east_1 = aws.us_east_1 }

  name        = module.naming.name
  environment = var.environment
  tags        = module.naming.tags

  network                 = var.network
  kafka                   = var.kafka
  msk                     = var.msk
  kafka_ec2               = var.kafka_ec2
  postgres                = var.postgres
  mysql                   = var.mysql
  cache                   = var.cache
  search                  = var.search
  eks                     = var.eks
  administrator_role_arns = var.administrator_role_arns
  ecs                     = var.ecs
  commerce                = var.commerce
  public                  = var.public
  origin_header           = var.origin_header
  bastion                 = var.bastion
  github                  = var.github
  state                   = var.state
  budget                  = var.budget
  deletion_protection     = var.deletion_protection
  secret_recovery_days    = var.secret_recovery_days
  log_retention_days      = var.log_retention_days
  password_seed           = var.password_seed
}
