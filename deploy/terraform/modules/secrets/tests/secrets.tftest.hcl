mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name             = "millrace-dev"
  kms_key_arn      = "arn:aws:kms:eu-central-1:123456789012:key/secrets"
  scram_users      = ["order_generator", "payment_processor"]
  external_secrets = { openai = "Key of the embeddings API" }
  password_seed    = "0123456789abcdef0123456789abcdef"
}

run "users_of_kafka" {
  assert {
    condition     = aws_secretsmanager_secret.scram["order_generator"].name == "AmazonMSK_millrace-dev_order_generator"
    error_message = "MSK refuses secrets whose names do not begin with AmazonMSK_."
  }

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.scram : secret.kms_key_id == var.kms_key_arn && secret.recovery_window_in_days == 30])
    error_message = "Secrets are encrypted by our key and can be restored for 30 days."
  }

  assert {
    condition     = alltrue([for version in aws_secretsmanager_secret_version.scram : version.secret_string == null && version.secret_string_wo_version == 1])
    error_message = "No password may be stored in the state."
  }

  assert {
    condition = alltrue([
      for policy in aws_secretsmanager_secret_policy.scram : jsondecode(policy.policy).Statement[0].Principal.Service == "kafka.amazonaws.com" && jsondecode(policy.policy).Statement[0].Resource == policy.secret_arn
    ])
    error_message = "MSK may read the users' secrets, each by its own policy."
  }
}

run "keys_of_others" {
  assert {
    condition     = aws_secretsmanager_secret.external["openai"].name == "millrace-dev/openai" && aws_secretsmanager_secret.external["openai"].kms_key_id == var.kms_key_arn
    error_message = "The key's secret is named by its environment and encrypted by our key."
  }

  assert {
    condition     = keys(output.external_secret_arns) == ["openai"] && keys(output.scram_secret_arns) == ["order_generator", "payment_processor"]
    error_message = "Each secret has its ARN in the outputs."
  }
}

run "a_seed_that_can_be_guessed" {
  command = plan

  variables {
    password_seed = "secret"
  }

  expect_failures = [var.password_seed]
}

run "a_user_with_capitals" {
  command = plan

  variables {
    scram_users = ["OrderGenerator"]
  }

  expect_failures = [var.scram_users]
}

run "a_window_that_secrets_manager_refuses" {
  command = plan

  variables {
    recovery_window_days = 3
  }

  expect_failures = [var.recovery_window_days]
}
