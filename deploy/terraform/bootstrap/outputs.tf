output "state_bucket" {
  description = "Bucket of the state, for backend.tf."
  value       = aws_s3_bucket.this["state"].id
}

output "state_bucket_arn" {
  description = "Its ARN."
  value       = aws_s3_bucket.this["state"].arn
}

output "artifacts_bucket" {
  description = "Bucket of the functions' code."
  value       = aws_s3_bucket.this["artifacts"].id
}

output "kms_key_arn" {
  description = "Key of both."
  value       = aws_kms_key.this.arn
}

output "lock_table" {
  description = "Table for tools that can't lock by a file."
  value       = one(aws_dynamodb_table.lock[*].name)
}
