output "scram_secret_arns" {
  description = "Secret of each SCRAM user, once its password is written."
  value       = { for user, version in aws_secretsmanager_secret_version.scram : user => version.arn }
}

output "external_secret_arns" {
  description = "Secrets to be filled by hand, by name."
  value       = { for name, secret in aws_secretsmanager_secret.external : name => secret.arn }
}
