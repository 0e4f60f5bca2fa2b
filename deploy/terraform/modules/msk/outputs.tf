output "arn" {
  description = "ARN of the cluster."
  value       = aws_msk_cluster.this.arn
}

output "bootstrap_servers_iam" {
  description = "Brokers for clients by IAM (port 9098)."
  value       = aws_msk_cluster.this.bootstrap_brokers_sasl_iam
}

output "bootstrap_servers_scram" {
  description = "Brokers for clients by SCRAM (port 9096)."
  value       = aws_msk_cluster.this.bootstrap_brokers_sasl_scram
}
