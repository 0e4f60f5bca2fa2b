output "role_arns" {
  description = "Roles by workflow: plan, apply, deploy."
  value       = { for workflow, role in aws_iam_role.this : workflow => role.arn }
}

output "provider_arn" {
  description = "The account's provider for GitHub."
  value       = local.provider_arn
}
