# Five functions over five topics. Kafka invokes them by event source mappings, with each function's own SCRAM user; a
# schedule places orders. The code is a zip in S3 under a key that never changes its content: a new version is a new key.

locals {
  functions = {
    "order-generator"      = { user = "order_generator", reads = [], writes = ["order_placed"] }
    "payment-processor"    = { user = "payment_processor", reads = ["order_placed"], writes = ["payment_result"] }
    "inventory-manager"    = { user = "inventory_manager", reads = ["order_placed"], writes = ["inventory_result"] }
    "shipping-handler"     = { user = "shipping_handler", reads = ["payment_result"], writes = ["order_shipped"] }
    "notification-handler" = { user = "notification_handler", reads = ["inventory_result", "order_shipped"], writes = ["notifications"] }
  }

  mappings = merge([
    for name, function in local.functions : { for topic in function.reads : "${name} ${topic}" => { function = name, user = function.user, topic = topic } }
  ]...)
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:a year by default; dev and staging keep less
  for_each = local.functions

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_kms_key_arn
}

# Invocations that failed for good: what Kafka can't send again, as the mapping has gone on.
resource "aws_sqs_queue" "failed" {
  name                              = "${var.name}-commerce-failed"
  message_retention_seconds         = 1209600
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = 3600
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_272:the zip's key names its content, and only the release workflow may write there
  for_each = local.functions

  function_name = "${var.name}-${each.key}"
  description   = length(each.value.reads) == 0 ? "Places orders" : "${join(", ", each.value.reads)} to ${join(", ", each.value.writes)}"
  role          = aws_iam_role.this[each.key].arn
  runtime       = "nodejs22.x"
  architectures = ["arm64"]
  handler       = "${each.key}.handler"
  s3_bucket     = var.package.bucket
  s3_key        = var.package.key
  memory_size   = 256
  timeout       = 30
  kms_key_arn   = var.kms_key_arn

  # A burst waits in Kafka, not in connections to it.
  reserved_concurrent_executions = var.concurrency

  environment {
    variables = {
      KAFKA_BOOTSTRAP_SERVERS = var.bootstrap_servers
      KAFKA_SECURITY          = "scram"
      KAFKA_SCRAM_SECRET_ARN  = var.scram_secret_arns[each.value.user]
      KAFKA_TOPICS_WRITTEN    = join(",", each.value.writes)
      LOG_LEVEL               = "info"
    }
  }

  vpc_config {
    subnet_ids         = var.subnet_ids
    security_group_ids = [var.security_group_id]
  }

  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }

  tracing_config {
    mode = "Active"
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each = local.mappings

  function_name     = aws_lambda_function.this[each.value.function].arn
  topics            = [each.value.topic]
  starting_position = "TRIM_HORIZON"
  batch_size        = 100

  maximum_batching_window_in_seconds = 1

  # MSK is named by its ARN, brokers on EC2 by their addresses.
  event_source_arn = var.on_msk ? var.msk_cluster_arn : null

  dynamic "self_managed_event_source" {
    for_each = var.on_msk ? [] : [var.bootstrap_servers]

    content {
      endpoints = { KAFKA_BOOTSTRAP_SERVERS = self_managed_event_source.value }
    }
  }

  dynamic "amazon_managed_kafka_event_source_config" {
    for_each = var.on_msk ? [each.value.function] : []

    content {
      consumer_group_id = "${var.name}-${each.value.function}"
    }
  }

  dynamic "self_managed_kafka_event_source_config" {
    for_each = var.on_msk ? [] : [each.value.function]

    content {
      consumer_group_id = "${var.name}-${each.value.function}"
    }
  }

  source_access_configuration {
    type = "SASL_SCRAM_512_AUTH"
    uri  = var.scram_secret_arns[each.value.user]
  }

  dynamic "source_access_configuration" {
    for_each = var.on_msk ? [] : var.subnet_ids

    content {
      type = "VPC_SUBNET"
      uri  = "subnet:${source_access_configuration.value}"
    }
  }

  dynamic "source_access_configuration" {
    for_each = var.on_msk ? [] : [var.security_group_id]

    content {
      type = "VPC_SECURITY_GROUP"
      uri  = "security_group:${source_access_configuration.value}"
    }
  }

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.failed.arn
    }
  }
}
