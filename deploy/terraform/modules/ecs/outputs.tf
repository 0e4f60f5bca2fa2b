output "alb_dns_name" {
  description = "Name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "image_parameters" {
  description = "Parameters that CI writes digests to, by service."
  value       = { for service, parameter in aws_ssm_parameter.image : service => parameter.name }
}

output "image_parameter_arns" {
  description = "Their ARNs."
  value       = [for parameter in aws_ssm_parameter.image : parameter.arn]
}

output "discovery" {
  description = "Names by which tasks find each other."
  value       = { for name, service in local.services : name => "${name}.${aws_service_discovery_private_dns_namespace.this.name}:${service.port}" }
}

output "task_role_arns" {
  description = "Roles of the tasks."
  value       = { for service, role in aws_iam_role.task : service => role.arn }
}
