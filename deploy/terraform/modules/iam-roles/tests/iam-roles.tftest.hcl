mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name                 = "millrace-prod"
  services             = ["kafka-cluster", "rds-db", "es", "elasticache", "secretsmanager"]
  oidc_provider_arn    = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/A"
  oidc_issuer          = "oidc.eks.eu-central-1.amazonaws.com/id/A"
  kafka_cluster_name   = "millrace-prod"
  database_resource_id = "db-ABC"
  search_domain_name   = "millrace-prod"
  cache_name           = "millrace-prod"
  openai_secret_arn    = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:openai-AbCdEf"
  secrets_kms_key_arn  = "arn:aws:kms:eu-central-1:123456789012:key/secrets"
}

run "a_role_for_each_process" {
  assert {
    condition     = toset(keys(aws_iam_role.this)) == toset(["ingest", "embed", "sink", "sink-prepare", "api", "cli"])
    error_message = "The roles are ${join(", ", keys(aws_iam_role.this))}."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this["sink-prepare"].assume_role_policy).Statement[0].Condition.StringEquals["oidc.eks.eu-central-1.amazonaws.com/id/A:sub"] == "system:serviceaccount:millrace:millrace-sink-prepare"
    error_message = "Each role trusts one service account."
  }

  assert {
    condition     = length(aws_eks_pod_identity_association.this) == 0
    error_message = "IRSA needs no association."
  }
}

run "no_policy_allows_everything" {
  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.doctor : [
        for statement in jsondecode(policy.policy).Statement : concat(
          [for action in statement.Action : !strcontains(action, "*")],
          [for resource in statement.Resource : resource != "*" && !strcontains(resource, "none")],
        )
      ]
    ]))
    error_message = "A policy names its actions and resources."
  }

  assert {
    condition     = [for role, policy in aws_iam_role_policy.doctor : role if strcontains(policy.policy, "secretsmanager:GetSecretValue")] == ["embed"]
    error_message = "Only embed reads the key."
  }

  assert {
    condition     = [for role, policy in aws_iam_role_policy.doctor : role if strcontains(policy.policy, "kafka-cluster:CreateTopic")] == ["sink-prepare"]
    error_message = "Only the job before a release creates topics."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.secrets_key[0].policy).Statement[0].Resource == [var.secrets_kms_key_arn] && aws_iam_role_policy.secrets_key[0].role == aws_iam_role.this["embed"].id
    error_message = "Only embed decrypts it, by the secrets' key."
  }
}

run "without_msk_and_without_a_key" {
  variables {
    services          = ["rds-db", "elasticache", "aoss"]
    openai_secret_arn = null
  }

  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.doctor : !strcontains(policy.policy, "kafka-cluster") && !strcontains(policy.policy, "\"es:")])
    error_message = "What is not reached by IAM has no statements."
  }

  assert {
    condition     = length(aws_iam_role_policy.secrets_key) == 0
    error_message = "Without a key there is nothing to decrypt."
  }
}

run "pod_identity" {
  variables {
    trust            = "pod-identity"
    eks_cluster_name = "millrace-prod"
  }

  assert {
    condition     = aws_eks_pod_identity_association.this["api"].service_account == "millrace-api" && length(aws_eks_pod_identity_association.this) == 6
    error_message = "Each service account has its association."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this["api"].assume_role_policy).Statement[0].Principal.Service == "pods.eks.amazonaws.com"
    error_message = "Roles trust EKS Pod Identity."
  }
}

run "an_unknown_service" {
  command = plan

  variables {
    services = ["kafka"]
  }

  expect_failures = [var.services]
}

run "two_kinds_of_search" {
  command = plan

  variables {
    services = ["es", "aoss"]
  }

  expect_failures = [var.services]
}

run "irsa_without_a_provider" {
  command = plan

  variables {
    oidc_provider_arn = null
  }

  expect_failures = [var.oidc_provider_arn]
}

run "an_issuer_with_its_scheme" {
  command = plan

  variables {
    oidc_issuer = "https://oidc.eks.eu-central-1.amazonaws.com/id/A"
  }

  expect_failures = [var.oidc_issuer]
}

run "pod_identity_without_a_cluster" {
  command = plan

  variables {
    trust = "pod-identity"
  }

  expect_failures = [var.eks_cluster_name]
}

run "a_mistyped_trust" {
  command = plan

  variables {
    trust = "oidc"
  }

  expect_failures = [var.trust]
}
