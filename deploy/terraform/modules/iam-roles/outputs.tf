output "arns" {
  description = "Roles by process: what serviceAccount.roleArn of the chart's values takes."
  # By name, so that it is known before the role is made.
  value = { for role, resource in aws_iam_role.this : role => "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${resource.name}" }
}

output "policies" {
  description = "Policy of each role, as the doctor prints it; null where it reaches nothing by IAM."
  value       = { for role, policy in local.policies : role => contains(local.with_policy, role) ? jsonencode(policy) : null }
}

output "trust_policies" {
  description = "Trust policy of each role."
  value       = { for role, resource in aws_iam_role.this : role => resource.assume_role_policy }
}

output "settings" {
  description = "Topics, index and users that the policies name: the chart must be given the same."
  value       = local.settings
}
