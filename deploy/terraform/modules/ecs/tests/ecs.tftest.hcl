mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name                   = "millrace-dev"
  image_registry         = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/millrace"
  repository_arns        = ["arn:aws:ecr:eu-central-1:123456789012:repository/millrace/api"]
  certificate_arn        = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
  vpc_id                 = "vpc-0123456789abcdef0"
  public_subnet_ids      = ["subnet-a", "subnet-b", "subnet-c"]
  private_subnet_ids     = ["subnet-d", "subnet-e", "subnet-f"]
  alb_security_group_id  = "sg-0123456789abcdef0"
  task_security_group_id = "sg-0123456789abcdef1"
  secrets_kms_key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/secrets"
  logs_kms_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/logs"
  environment            = { api = { LOG_LEVEL = "info" } }
  secrets                = { connect = { SNOWFLAKE_KEY = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:snowflake-AbCdEf" } }
  policies               = { api = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  services_with_policy   = ["api"]
  connect_lag            = { per_task = 10000, cluster_name = "millrace-dev", consumer_group = "connect-warehouse", topic = "events" }
}

run "two_services" {
  assert {
    condition     = keys(aws_ecs_service.this) == ["api", "connect"] && alltrue([for service in aws_ecs_service.this : !service.network_configuration[0].assign_public_ip])
    error_message = "The API and Kafka Connect run in private subnets."
  }

  assert {
    condition     = alltrue([for service in aws_ecs_service.this : service.deployment_circuit_breaker[0].rollback])
    error_message = "A release that does not become healthy is rolled back."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["api"].container_definitions)[0].image == aws_ssm_parameter.image["api"].insecure_value && aws_ssm_parameter.image["api"].name == "/millrace-dev/images/api"
    error_message = "The image is the parameter's."
  }

  assert {
    condition     = alltrue([for definition in aws_ecs_task_definition.this : jsondecode(definition.container_definitions)[0].readonlyRootFilesystem])
    error_message = "Tasks write nothing to their file system."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["connect"].container_definitions)[0].secrets[0].name == "SNOWFLAKE_KEY" && jsondecode(aws_ecs_task_definition.this["api"].container_definitions)[0].environment[0].value == "info"
    error_message = "Variables and secrets reach their service."
  }

  assert {
    condition     = aws_service_discovery_service.this["connect"].name == "connect" && aws_service_discovery_private_dns_namespace.this.name == "millrace-dev.internal"
    error_message = "Tasks find each other by name."
  }

  assert {
    condition     = one(aws_ecs_cluster.this.setting).value == "enabled" && one(aws_ecs_cluster_capacity_providers.this.default_capacity_provider_strategy).capacity_provider == "FARGATE"
    error_message = "Fargate, with insights."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == var.logs_kms_key_arn && group.retention_in_days == 365])
    error_message = "Logs are encrypted and kept for a year."
  }
}

run "https_alone" {
  assert {
    condition     = aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS" && aws_lb_listener.https.protocol == "HTTPS" && aws_lb_listener.https.ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "HTTP is redirected, and TLS is 1.2 or later."
  }

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && aws_lb.this.enable_deletion_protection && aws_lb_target_group.api.health_check[0].path == "/health/ready"
    error_message = "The load balancer is protected and asks whether the API is ready."
  }

  assert {
    condition     = aws_lb_listener.https.default_action[0].type == "forward" && length(aws_lb_listener_rule.origin) == 0
    error_message = "Without CloudFront, requests go straight on."
  }
}

run "behind_cloudfront" {
  variables {
    origin_header = "0123456789abcdef"
  }

  assert {
    condition     = aws_lb_listener.https.default_action[0].type == "fixed-response" && aws_lb_listener_rule.origin[0].action[0].type == "forward"
    error_message = "Only requests with CloudFront's header go on."
  }
}

run "roles" {
  assert {
    condition     = aws_iam_role_policy.task["api"].policy == var.policies.api && keys(aws_iam_role.task) == ["api", "connect"]
    error_message = "The API's tasks have the policy that its pods have."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Action[0] if contains(statement.Resource, "*")] == ["ecr:GetAuthorizationToken"]
    error_message = "Only the registry's login is without a resource."
  }

  assert {
    condition     = strcontains(aws_iam_role.execution.assume_role_policy, "ecs-tasks.amazonaws.com")
    error_message = "ECS alone takes the role."
  }
}

run "scaled_by_cpu_and_lag" {
  assert {
    condition     = aws_appautoscaling_target.this["api"].max_capacity == 8 && aws_appautoscaling_policy.cpu["api"].target_tracking_scaling_policy_configuration[0].target_value == 60
    error_message = "The API scales by CPU."
  }

  assert {
    condition     = aws_appautoscaling_policy.lag[0].target_tracking_scaling_policy_configuration[0].target_value == 10000
    error_message = "Kafka Connect scales by lag."
  }
}

run "without_msk" {
  variables {
    connect_lag = null
    spot        = true
  }

  assert {
    condition     = length(aws_appautoscaling_policy.lag) == 0 && one(aws_ecs_cluster_capacity_providers.this.default_capacity_provider_strategy).capacity_provider == "FARGATE_SPOT"
    error_message = "Without MSK there is no lag to scale by."
  }
}

run "a_size_that_fargate_does_not_have" {
  command = plan

  variables {
    api = { cpu = 512, memory_mib = 8192, min = 1, max = 2 }
  }

  expect_failures = [var.api]
}

run "connect_without_memory" {
  command = plan

  variables {
    connect = { cpu = 512, memory_mib = 1024, min = 1, max = 2 }
  }

  expect_failures = [var.connect]
}

run "a_secret_among_the_variables" {
  command = plan

  variables {
    environment = { api = { POSTGRES_PASSWORD = "x" } }
  }

  expect_failures = [var.environment]
}

run "no_certificate" {
  command = plan

  variables {
    certificate_arn = ""
  }

  expect_failures = [var.certificate_arn]
}

run "a_name_too_long" {
  command = plan

  variables {
    name = "a-name-that-no-load-balancer-takes"
  }

  expect_failures = [var.name]
}
