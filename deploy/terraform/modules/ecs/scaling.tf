resource "aws_appautoscaling_target" "this" {
  for_each = local.services

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this[each.key].name}"
  min_capacity       = each.value.min
  max_capacity       = each.value.max
}

resource "aws_appautoscaling_policy" "cpu" {
  for_each = local.services

  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[each.key].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[each.key].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[each.key].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

# Lag for each task: MSK's own metric, over the tasks that run.
resource "aws_appautoscaling_policy" "lag" {
  count = var.connect_lag == null ? 0 : 1

  name               = "lag"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this["connect"].service_namespace
  scalable_dimension = aws_appautoscaling_target.this["connect"].scalable_dimension
  resource_id        = aws_appautoscaling_target.this["connect"].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.connect_lag.per_task
    scale_in_cooldown  = 600
    scale_out_cooldown = 120

    customized_metric_specification {
      metrics {
        id          = "lag"
        return_data = false

        metric_stat {
          stat = "Maximum"

          metric {
            namespace   = "AWS/Kafka"
            metric_name = "SumOffsetLag"

            dimensions {
              name  = "Cluster Name"
              value = var.connect_lag.cluster_name
            }
            dimensions {
              name  = "Consumer Group"
              value = var.connect_lag.consumer_group
            }
            dimensions {
              name  = "Topic"
              value = var.connect_lag.topic
            }
          }
        }
      }

      metrics {
        id          = "tasks"
        return_data = false

        metric_stat {
          stat = "Average"

          metric {
            namespace   = "ECS/ContainerInsights"
            metric_name = "RunningTaskCount"

            dimensions {
              name  = "ClusterName"
              value = aws_ecs_cluster.this.name
            }
            dimensions {
              name  = "ServiceName"
              value = aws_ecs_service.this["connect"].name
            }
          }
        }
      }

      metrics {
        id          = "lag_per_task"
        expression  = "lag / tasks"
        label       = "Lag for each task"
        return_data = true
      }
    }
  }
}
