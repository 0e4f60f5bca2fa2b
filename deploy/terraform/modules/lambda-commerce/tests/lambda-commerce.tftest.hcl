mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name                = "millrace-dev"
  package             = { bucket = "artifacts", key = "commerce/1.0.0.zip" }
  on_msk              = true
  msk_cluster_arn     = "arn:aws:kafka:eu-central-1:123456789012:cluster/millrace-dev/1"
  bootstrap_servers   = "b-1:9096,b-2:9096,b-3:9096"
  subnet_ids          = ["subnet-a", "subnet-b", "subnet-c"]
  security_group_id   = "sg-0123456789abcdef0"
  kms_key_arn         = "arn:aws:kms:eu-central-1:123456789012:key/data"
  secrets_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/secrets"
  logs_kms_key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/logs"

  scram_secret_arns = {
    order_generator      = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_o-AbCdEf"
    payment_processor    = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_p-AbCdEf"
    inventory_manager    = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_i-AbCdEf"
    shipping_handler     = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_s-AbCdEf"
    notification_handler = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_n-AbCdEf"
  }
}

run "five_functions" {
  assert {
    condition     = length(aws_lambda_function.this) == 5 && alltrue([for function in aws_lambda_function.this : function.kms_key_arn == var.kms_key_arn && length(function.vpc_config[0].subnet_ids) == 3])
    error_message = "Five functions in the VPC, their variables encrypted."
  }

  assert {
    condition = toset(keys(aws_lambda_event_source_mapping.this)) == toset([
      "payment-processor order_placed", "inventory-manager order_placed", "shipping-handler payment_result",
      "notification-handler inventory_result", "notification-handler order_shipped",
    ])
    error_message = "A mapping is missing."
  }

  assert {
    condition     = alltrue([for mapping in aws_lambda_event_source_mapping.this : mapping.event_source_arn == var.msk_cluster_arn && length(mapping.self_managed_event_source) == 0 && one(mapping.source_access_configuration).type == "SASL_SCRAM_512_AUTH"])
    error_message = "MSK is named by its ARN, and its user by a secret."
  }

  assert {
    condition     = one(aws_lambda_event_source_mapping.this["shipping-handler payment_result"].source_access_configuration).uri == var.scram_secret_arns.shipping_handler
    error_message = "Each function has its own user."
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.dead_letter_config[0].target_arn == aws_sqs_queue.failed.arn]) && aws_sqs_queue.failed.kms_master_key_id == var.kms_key_arn
    error_message = "Failed invocations go to an encrypted queue."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == var.logs_kms_key_arn])
    error_message = "Logs are encrypted by our key."
  }
}

run "roles" {
  assert {
    condition = alltrue([
      for name, policy in aws_iam_role_policy.this : length(distinct([
        for statement in jsondecode(policy.policy).Statement : statement.Resource[0] if statement.Action[0] == "secretsmanager:GetSecretValue"
      ])) == 1
    ]) && length(aws_iam_role.this) == 5
    error_message = "A function reads one user's secret, its own."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.schedule.policy).Statement[0].Resource == [aws_lambda_function.this["order-generator"].arn] && strcontains(aws_iam_role.schedule.assume_role_policy, "scheduler.amazonaws.com")
    error_message = "The schedule may invoke the order generator and no other."
  }

  assert {
    condition     = aws_scheduler_schedule.orders.schedule_expression == "rate(1 minute)" && aws_scheduler_schedule.orders.state == "ENABLED"
    error_message = "Orders are placed each minute."
  }
}

run "on_ec2" {
  variables {
    on_msk           = false
    msk_cluster_arn  = null
    schedule_enabled = false
  }

  assert {
    condition     = alltrue([for mapping in aws_lambda_event_source_mapping.this : mapping.self_managed_event_source[0].endpoints.KAFKA_BOOTSTRAP_SERVERS == var.bootstrap_servers && length(mapping.source_access_configuration) == 5])
    error_message = "Brokers on EC2 are named by their addresses, with subnets and a security group."
  }

  assert {
    condition     = aws_scheduler_schedule.orders.state == "DISABLED"
    error_message = "No orders are placed."
  }
}

run "a_version_that_changes" {
  command = plan

  variables {
    package = { bucket = "artifacts", key = "commerce/latest.zip" }
  }

  expect_failures = [var.package]
}

run "a_user_that_is_missing" {
  command = plan

  variables {
    scram_secret_arns = {}
  }

  expect_failures = [var.scram_secret_arns]
}

run "a_schedule_that_is_none" {
  command = plan

  variables {
    schedule = "every minute"
  }

  expect_failures = [var.schedule]
}

run "msk_without_its_arn" {
  command = plan

  variables {
    msk_cluster_arn = null
  }

  expect_failures = [var.msk_cluster_arn]
}
