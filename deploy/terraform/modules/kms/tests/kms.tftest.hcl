mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

variables {
  name = "millrace-dev"
}

# Plans alone: a key may not be destroyed, so a test could not clean up.
run "keys" {
  command = plan

  assert {
    condition     = toset(keys(output.arns)) == toset(["data", "logs", "secrets"])
    error_message = "There must be a key for data, one for logs and one for secrets."
  }

  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.enable_key_rotation && key.deletion_window_in_days == 30])
    error_message = "Every key rotates, and 30 days pass before one is deleted."
  }

  assert {
    condition     = aws_kms_alias.this["data"].name == "alias/millrace-dev-data"
    error_message = "The alias is ${aws_kms_alias.this["data"].name}."
  }
}

run "only_logs_may_be_used_by_cloudwatch" {
  command = plan

  assert {
    condition = {
      for purpose, key in aws_kms_key.this : purpose => length([
        for statement in jsondecode(key.policy).Statement : statement if can(statement.Principal.Service)
      ])
    } == { data = 0, logs = 1, secrets = 0 }
    error_message = "CloudWatch Logs may use the key for logs and no other."
  }
}

run "a_window_that_is_too_short" {
  command = plan

  variables {
    deletion_window_days = 1
  }

  expect_failures = [var.deletion_window_days]
}
