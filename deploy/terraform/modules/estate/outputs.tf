output "helm_values" {
  description = "Values of the chart: terraform output -json helm_values > estate.json, then helm upgrade --values estate.json."
  value       = local.helm_values
}

output "ansible_inventory" {
  description = "Inventory of Kafka on EC2; null where Kafka is MSK."
  value       = one(module.kafka_ec2[*].inventory)
}

output "policies" {
  description = "Policy of each process's role."
  value       = module.iam_roles.policies
}

output "trust_policies" {
  description = "Trust policy of each process's role."
  value       = module.iam_roles.trust_policies
}

output "role_arns" {
  description = "Role of each process."
  value       = module.iam_roles.arns
}

output "workflow_role_arns" {
  description = "Roles of the workflows: plan, apply, deploy. They belong into GitHub's environments."
  value       = module.github_oidc.role_arns
}

output "cluster" {
  description = "The EKS cluster."
  value       = { name = module.eks.name, endpoint = module.eks.endpoint, oidc_issuer = module.eks.oidc_issuer }
}

output "registry" {
  description = "Registry and path before the images' names."
  value       = module.ecr.registry
}

output "bastion_instance_id" {
  description = "For aws ssm start-session --target."
  value       = module.bastion.instance_id
}

output "database_administrator_secret_arn" {
  description = "Secret of PostgreSQL's administrator."
  value       = module.rds.administrator_secret_arn
}

output "kafka_users" {
  description = "Users of the functions, with the topics and groups that their ACLs allow; null without them."
  value       = one(module.lambda_commerce[*].users)
}

output "image_parameters" {
  description = "Parameters that CI writes images' digests to; null without ECS."
  value       = one(module.ecs[*].image_parameters)
}

output "api" {
  description = "Names of the load balancer and the distribution, for DNS; null where there is none."
  value = {
    load_balancer = one(module.ecs[*].alb_dns_name)
    distribution  = one(module.cloudfront[*].domain_name)
  }
}

output "nat_addresses" {
  description = "Addresses that requests to the Internet come from."
  value       = module.vpc.nat_addresses
}

output "flows" {
  description = "Who may reach whom."
  value       = module.security_groups.flows
}
