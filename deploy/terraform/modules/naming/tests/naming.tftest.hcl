variables {
  project     = "millrace"
  environment = "dev"
  cost_center = "streaming"
}

run "names_and_tags" {
  assert {
    condition     = output.name == "millrace-dev"
    error_message = "The prefix is ${output.name}."
  }

  assert {
    condition     = output.tags == { Environment = "dev", Project = "millrace", CostCenter = "streaming" }
    error_message = "The three tags are not what was asked for."
  }
}

run "an_unknown_environment" {
  command = plan

  variables {
    environment = "production"
  }

  expect_failures = [var.environment]
}

run "a_project_too_long_for_a_load_balancer" {
  command = plan

  variables {
    project = "a-project-with-a-long-name"
  }

  expect_failures = [var.project]
}

run "an_empty_cost_center" {
  command = plan

  variables {
    cost_center = ""
  }

  expect_failures = [var.cost_center]
}
