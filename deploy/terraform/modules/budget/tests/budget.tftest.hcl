mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name        = "millrace-dev"
  environment = "dev"
  project     = "millrace"
  limit_usd   = 200
  emails      = ["team@example.com"]
}

run "three_warnings" {
  assert {
    condition     = toset([for notification in aws_budgets_budget.this.notification : "${notification.notification_type} ${notification.threshold}"]) == toset(["ACTUAL 80", "ACTUAL 100", "FORECASTED 100"])
    error_message = "A warning is missing."
  }

  assert {
    condition     = alltrue([for notification in aws_budgets_budget.this.notification : notification.subscriber_email_addresses == toset(var.emails)])
    error_message = "Each warning goes to the addresses that were given."
  }

  assert {
    condition     = tonumber(aws_budgets_budget.this.limit_amount) == 200 && aws_budgets_budget.this.time_unit == "MONTHLY"
    error_message = "200 dollars a month."
  }

  assert {
    condition     = toset(flatten([for filter in aws_budgets_budget.this.cost_filter : filter.values])) == toset(["user:Environment$dev", "user:Project$millrace"])
    error_message = "The costs are those of the tags: ${jsonencode(flatten([for filter in aws_budgets_budget.this.cost_filter : filter.values]))}"
  }
}

run "no_one_to_warn" {
  command = plan

  variables {
    emails = []
  }

  expect_failures = [var.emails]
}

run "nothing_to_spend" {
  command = plan

  variables {
    limit_usd = 0
  }

  expect_failures = [var.limit_usd]
}
