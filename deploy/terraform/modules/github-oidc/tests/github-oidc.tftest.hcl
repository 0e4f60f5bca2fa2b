mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name                = "millrace-prod"
  secrets_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/secrets"
  environment         = "prod"
  repository          = "example/millrace"
  state_bucket_arn    = "arn:aws:s3:::state"
  state_kms_key_arn   = "arn:aws:kms:eu-central-1:123456789012:key/state"
  repository_arns     = ["arn:aws:ecr:eu-central-1:123456789012:repository/millrace/api"]
  eks_cluster_arn     = "arn:aws:eks:eu-central-1:123456789012:cluster/millrace-prod"
}

run "one_repository_and_one_environment" {
  assert {
    condition = { for name, role in aws_iam_role.this : name => jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] } == {
      plan   = "repo:example/millrace:pull_request"
      apply  = "repo:example/millrace:environment:prod"
      deploy = "repo:example/millrace:environment:prod"
    }
    error_message = "A role trusts one repository, for pull requests or for one environment."
  }

  assert {
    condition     = aws_iam_openid_connect_provider.this[0].url == "https://token.actions.githubusercontent.com" && aws_iam_openid_connect_provider.this[0].client_id_list == toset(["sts.amazonaws.com"])
    error_message = "The provider is GitHub's, for tokens meant for STS."
  }
}

run "what_each_may_do" {
  assert {
    condition     = endswith(aws_iam_role_policy_attachment.plan.policy_arn, "policy/ReadOnlyAccess") && [for statement in jsondecode(aws_iam_role_policy.plan.policy).Statement : statement.NotResource if can(statement.NotResource)] == [["arn:aws:s3:::state/prod/*"]]
    error_message = "A plan may read settings, and of data its own state alone."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.plan.policy).Statement : statement.Resource if statement.Effect == "Allow" && contains(statement.Action, "secretsmanager:GetSecretValue")] == [["arn:aws:secretsmanager:*:123456789012:secret:AmazonMSK_millrace-prod_*"]]
    error_message = "A plan may read the SCRAM users' secrets, which a refresh does, and no other."
  }

  assert {
    condition     = !strcontains(jsonencode([for statement in jsondecode(aws_iam_role_policy.state["plan"].policy).Statement : statement if !strcontains(statement.Resource[0], "tflock")]), "PutObject")
    error_message = "A plan may not write the state."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.state["apply"].policy).Statement : !strcontains(join(" ", statement.Resource), "*")])
    error_message = "apply may touch the state of its own environment alone."
  }

  assert {
    condition     = endswith(aws_iam_role_policy_attachment.apply.policy_arn, "policy/PowerUserAccess")
    error_message = "apply has everything but IAM from AWS's policy."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.apply.policy).Statement : statement.Resource[0] if statement.Effect == "Deny"] == ["arn:aws:iam::123456789012:role/millrace-prod-github-*"]
    error_message = "apply can't widen the rights of workflows."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.deploy.policy).Statement : statement.Action[0] if contains(statement.Resource, "*")] == ["ecr:GetAuthorizationToken"]
    error_message = "Only the registry's login is without a resource."
  }
}

run "an_account_that_has_the_provider" {
  variables {
    create_provider      = false
    image_parameter_arns = ["arn:aws:ssm:eu-central-1:123456789012:parameter/millrace-prod/images/api"]
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.this) == 0 && output.provider_arn == "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    error_message = "The account's own provider is used."
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.deploy.policy, "ssm:PutParameter")
    error_message = "deploy writes the digests that ECS runs."
  }
}

run "every_repository_of_an_owner" {
  command = plan

  variables {
    repository = "example/*"
  }

  expect_failures = [var.repository]
}

run "no_repository_of_images" {
  command = plan

  variables {
    repository_arns = []
  }

  expect_failures = [var.repository_arns]
}
