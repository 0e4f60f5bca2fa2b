output "instance_id" {
  description = "For aws ssm start-session --target."
  value       = aws_instance.this.id
}

output "private_ip" {
  description = "Its address in the VPC."
  value       = aws_instance.this.private_ip
}

output "public_ip" {
  description = "Its public address, where it has one."
  value       = var.public ? aws_instance.this.public_ip : null
}

output "role_arn" {
  description = "Its role, for an access entry of the cluster."
  value       = aws_iam_role.this.arn
}
