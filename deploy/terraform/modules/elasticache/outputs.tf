output "host" {
  description = "Name of the primary."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "port" {
  description = "Its port."
  value       = aws_elasticache_replication_group.this.port
}

output "cache_name" {
  description = "What IAM tokens are signed for (REDIS_IAM_CACHE_NAME)."
  value       = aws_elasticache_replication_group.this.replication_group_id
}

output "users" {
  description = "IAM users, by name."
  value       = sort([for user in aws_elasticache_user.iam : user.user_name])
}

output "auth_token" {
  description = "AUTH token, where there is one."
  value       = var.auth_token
  sensitive   = true
}
