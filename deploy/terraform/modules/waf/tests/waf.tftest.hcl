mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name = "millrace-dev"
}

run "rules" {
  assert {
    condition     = one([for rule in aws_wafv2_web_acl.this.rule : rule.statement[0].rate_based_statement[0] if rule.name == "rate-limit"]).limit == 2000 && one([for rule in aws_wafv2_web_acl.this.rule : rule.statement[0].rate_based_statement[0] if rule.name == "rate-limit"]).evaluation_window_sec == 300
    error_message = "One address may send 2,000 requests in five minutes."
  }

  assert {
    condition     = toset([for rule in aws_wafv2_web_acl.this.rule : rule.name]) == toset(["rate-limit", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet"])
    error_message = "A rule set is missing."
  }

  assert {
    condition     = alltrue([for rule in aws_wafv2_web_acl.this.rule : rule.visibility_config[0].cloudwatch_metrics_enabled])
    error_message = "Each rule has its metric."
  }

  assert {
    condition     = startswith(aws_cloudwatch_log_group.this.name, "aws-waf-logs-") && one(aws_wafv2_web_acl_logging_configuration.this.redacted_fields).single_header[0].name == "authorization"
    error_message = "Refused requests are logged without their tokens."
  }
}

run "a_scope_that_is_none" {
  command = plan

  variables {
    scope = "GLOBAL"
  }

  expect_failures = [var.scope]
}

run "no_requests_at_all" {
  command = plan

  variables {
    rate_limit = 1
  }

  expect_failures = [var.rate_limit]
}
