locals {
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = ["sts:AssumeRole"]
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })

  secret_arns = distinct(flatten([for secrets in values(var.secrets) : values(secrets)]))
}

# What starts a task: pulls its image, reads its secrets, writes its log.
resource "aws_iam_role" "execution" {
  name               = "${var.name}-ecs-execution"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "execution" {
  #checkov:skip=CKV_AWS_355:ecr:GetAuthorizationToken knows no resource
  #checkov:skip=CKV_AWS_290:ecr:GetAuthorizationToken knows no resource
  name = "start-tasks"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        # The registry's login knows no resource.
        { Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] },
        { Effect = "Allow", Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource = var.repository_arns },
        # The streams of the services' own groups.
        { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = [for group in aws_cloudwatch_log_group.this : "${group.arn}:*"] },
      ],
      [for arns in [local.secret_arns] : { Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = arns } if length(arns) > 0],
      [for arns in [local.secret_arns] : { Effect = "Allow", Action = ["kms:Decrypt"], Resource = [var.secrets_kms_key_arn] } if length(arns) > 0],
    )
  })
}

resource "aws_iam_role" "task" {
  for_each = local.services

  name               = "${var.name}-ecs-${each.key}"
  description        = "${each.key} of ${var.name}, on ECS"
  assume_role_policy = local.trust
}

# The same policy that a pod of the process has: modules/iam-roles.
resource "aws_iam_role_policy" "task" {
  for_each = toset(var.services_with_policy)

  name   = "doctor"
  role   = aws_iam_role.task[each.key].id
  policy = var.policies[each.key]
}
