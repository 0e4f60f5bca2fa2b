mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

mock_provider "aws" {
  alias           = "us_east_1"
  source          = "../../mocks"
  override_during = plan
}

# As before the first apply: nothing has an id yet.
mock_provider "aws" {
  alias  = "empty"
  source = "../../mocks"
}

variables {
  password_seed = "0123456789abcdef0123456789abcdef"
}

# The first plan of an empty account must not need what only an apply can know.
run "the_first_plan" {
  command = plan

  providers = { aws = aws.empty, aws.us_east_1 = aws.empty }
}

# Plans alone: what holds data may not be destroyed, so a test could not clean up.
run "small" {
  command = plan

  assert {
    condition     = length(output.nat_addresses) == 1
    error_message = "Dev has one NAT gateway."
  }

  assert {
    condition     = output.helm_values.global.environment.KAFKA_SECURITY == "scram" && length(output.ansible_inventory.all.children.brokers.hosts) == 3
    error_message = "Kafka is on EC2, by SCRAM, and Ansible has its inventory."
  }

  assert {
    condition     = output.api.distribution == null && output.image_parameters == null
    error_message = "Dev has neither CloudFront nor ECS."
  }

  assert {
    condition     = length(output.kafka_users) == 5
    error_message = "Dev has the five functions of commerce."
  }
}

run "an_account_that_is_none" {
  command = plan

  variables {
    account_id = "1234"
  }

  expect_failures = [var.account_id]
}
