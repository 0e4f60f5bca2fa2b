output "host" {
  description = "The instance's own name, for which IAM tokens are signed."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Its port."
  value       = aws_db_instance.this.port
}

output "database" {
  description = "Its first database."
  value       = aws_db_instance.this.db_name
}

output "resource_id" {
  description = "Id that policies name (rds-db:connect)."
  value       = aws_db_instance.this.resource_id
}

output "administrator_secret_arn" {
  description = "Secret of the administrator's password, which RDS rotates every seven days."
  value       = one(aws_db_instance.this.master_user_secret[*].secret_arn)
}
