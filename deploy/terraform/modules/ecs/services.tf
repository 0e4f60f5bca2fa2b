# The image that runs, by digest. CI writes it and then applies: so an apply is the only thing that changes a task
# definition, and a plan between two deployments is empty. The first value is a task that says what is missing.
resource "aws_ssm_parameter" "image" {
  #checkov:skip=CKV2_AWS_34:a digest is no secret
  for_each = local.services

  name           = "/${var.name}/images/${each.key}"
  description    = "Image of ${each.key}, by digest. Written by CI."
  type           = "String"
  insecure_value = "${var.image_registry}/millrace/${each.key}:none"

  lifecycle {
    ignore_changes = [insecure_value]
  }
}

resource "aws_ecs_task_definition" "this" {
  for_each = local.services

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.cpu
  memory                   = each.value.memory_mib
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task[each.key].arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # Kafka Connect writes its plugins' caches there; nothing else of the file system may be written.
  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([{
    name                   = each.key
    image                  = aws_ssm_parameter.image[each.key].insecure_value
    essential              = true
    readonlyRootFilesystem = true
    # Longer than SHUTDOWN_TIMEOUT_MS, so that what is in flight is committed.
    stopTimeout    = 60
    portMappings   = [{ containerPort = each.value.port, hostPort = each.value.port, protocol = "tcp" }]
    mountPoints    = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    environment    = [for name, value in lookup(var.environment, each.key, {}) : { name = name, value = value }]
    secrets        = [for name, arn in lookup(var.secrets, each.key, {}) : { name = name, valueFrom = arn }]
    systemControls = []
    volumesFrom    = []

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this[each.key].name
        awslogs-region        = data.aws_region.current.name
        awslogs-stream-prefix = each.key
      }
    }
  }])
}

resource "aws_ecs_service" "this" {
  for_each = local.services

  name            = each.key
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this[each.key].arn
  desired_count   = each.value.min
  propagate_tags  = "SERVICE"

  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = each.key == "api" ? 60 : null

  capacity_provider_strategy {
    capacity_provider = var.spot ? "FARGATE_SPOT" : "FARGATE"
    weight            = 1
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.private_subnet_ids
    security_groups  = [var.task_security_group_id]
    assign_public_ip = false
  }

  service_registries {
    registry_arn = aws_service_discovery_service.this[each.key].arn
  }

  dynamic "load_balancer" {
    for_each = each.key == "api" ? [aws_lb_target_group.api.arn] : []

    content {
      target_group_arn = load_balancer.value
      container_name   = each.key
      container_port   = each.value.port
    }
  }

  depends_on = [aws_lb_listener.https, aws_iam_role_policy.execution]

  lifecycle {
    # The autoscaler's.
    ignore_changes = [desired_count]
  }
}
