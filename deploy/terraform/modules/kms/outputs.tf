output "arns" {
  description = "Key ARNs by purpose: data, logs, secrets."
  value       = { for purpose, key in aws_kms_key.this : purpose => key.arn }
}
