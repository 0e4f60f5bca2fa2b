# One estate: every module, joined once. An environment is this with its own sizes.

module "kms" {
  source = "../kms"
  name   = var.name
}

module "vpc" {
  source              = "../vpc"
  name                = var.name
  cidr                = var.network.cidr
  nat                 = var.network.nat
  interface_endpoints = var.network.interface_endpoints
  logs_kms_key_arn    = module.kms.arns["logs"]
  log_retention_days  = var.log_retention_days
}

module "security_groups" {
  source                      = "../security-groups"
  name                        = var.name
  vpc_id                      = module.vpc.vpc_id
  endpoints_security_group_id = module.vpc.endpoints_security_group_id
  database_ports              = var.mysql == null ? [5432] : [5432, 3306]
  bastion_ssh_cidrs           = var.bastion.ssh_cidrs
}

module "bastion" {
  source             = "../bastion"
  name               = var.name
  instance_type      = var.bastion.instance_type
  public             = length(var.bastion.ssh_cidrs) > 0
  key_name           = var.bastion.key_name
  kubernetes_version = var.eks.kubernetes_version
  eks_cluster_arn    = module.eks.arn
  subnet_id          = length(var.bastion.ssh_cidrs) > 0 ? module.vpc.public_subnet_ids[0] : module.vpc.private_subnet_ids[0]
  security_group_id  = module.security_groups.ids["bastion"]
  kms_key_arn        = module.kms.arns["data"]
}
