output "urls" {
  description = "Repositories by name, as docker push takes them."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}

output "arns" {
  description = "ARNs by name."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.arn }
}

output "registry" {
  description = "Registry and path before the images' names: global.image.registry of the chart's values."
  value       = "${split("/", values(aws_ecr_repository.this)[0].repository_url)[0]}/${var.name}"
}
