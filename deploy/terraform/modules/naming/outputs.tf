output "name" {
  description = "Prefix of every name, such as millrace-dev."
  value       = local.name
}

output "tags" {
  description = "Tags of every resource, for the provider's default_tags."
  value = {
    Environment = var.environment
    Project     = var.project
    CostCenter  = var.cost_center
  }
}
