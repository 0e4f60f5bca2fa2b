output "helm_values" {
  description = "Values of the chart: terraform output -json helm_values > estate.json, then helm upgrade --values estate.json."
  value       = module.estate.helm_values
}

output "ansible_inventory" {
  description = "Inventory of Kafka on EC2; null where Kafka is MSK."
  value       = module.estate.ansible_inventory
}

output "policies" {
  description = "Policy of each process's role."
  value       = module.estate.policies
}

output "trust_policies" {
  description = "Trust policy of each process's role."
  value       = module.estate.trust_policies
}

output "role_arns" {
  description = "Role of each process."
  value       = module.estate.role_arns
}

output "workflow_role_arns" {
  description = "Roles of the workflows: plan, apply, deploy. They belong into GitHub's environments."
  value       = module.estate.workflow_role_arns
}

output "cluster" {
  description = "The EKS cluster."
  value       = module.estate.cluster
}

output "registry" {
  description = "Registry and path before the images' names."
  value       = module.estate.registry
}

output "bastion_instance_id" {
  description = "For aws ssm start-session --target."
  value       = module.estate.bastion_instance_id
}

output "database_administrator_secret_arn" {
  description = "Secret of PostgreSQL's administrator."
  value       = module.estate.database_administrator_secret_arn
}

output "kafka_users" {
  description = "Users of the functions, with the topics and groups that their ACLs allow; null without them."
  value       = module.estate.kafka_users
}

output "image_parameters" {
  description = "Parameters that CI writes images' digests to; null without ECS."
  value       = module.estate.image_parameters
}

output "api" {
  description = "Names of the load balancer and the distribution, for DNS; null where there is none."
  value       = module.estate.api
}

output "nat_addresses" {
  description = "Addresses that requests to the Internet come from."
  value       = module.estate.nat_addresses
}

output "flows" {
  description = "Who may reach whom."
  value       = module.estate.flows
}
