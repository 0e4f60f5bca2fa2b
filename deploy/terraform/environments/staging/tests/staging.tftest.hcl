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
run "as_prod_but_smaller" {
  command = plan

  assert {
    condition     = length(output.nat_addresses) == 1
    error_message = "Staging has one NAT gateway."
  }

  assert {
    condition     = output.helm_values.global.environment.KAFKA_USE_IAM_AUTH == "true" && output.ansible_inventory == null
    error_message = "Kafka is MSK, by IAM."
  }

  assert {
    condition     = output.api.distribution != null && keys(output.image_parameters) == ["api", "connect"]
    error_message = "Staging has CloudFront, and the API and Kafka Connect on ECS."
  }
}

run "an_account_that_is_none" {
  command = plan

  variables {
    account_id = "1234"
  }

  expect_failures = [var.account_id]
}
