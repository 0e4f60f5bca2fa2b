mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

variables {
  name                = "millrace-dev"
  instance_class      = "db.t4g.small"
  subnet_ids          = ["subnet-a", "subnet-b", "subnet-c"]
  security_group_id   = "sg-0123456789abcdef0"
  kms_key_arn         = "arn:aws:kms:eu-central-1:123456789012:key/data"
  secrets_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/secrets"
  logs_kms_key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/logs"
}

# Plans alone: the instance may not be destroyed, so a test could not clean up.
run "postgresql" {
  command = plan

  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.kms_key_arn && !aws_db_instance.this.publicly_accessible
    error_message = "The instance is encrypted by our key and not public."
  }

  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null && aws_db_instance.this.iam_database_authentication_enabled
    error_message = "Users log in by IAM, and RDS keeps the administrator's password."
  }

  assert {
    condition     = aws_db_instance.this.multi_az && aws_db_instance.this.backup_retention_period == 7 && aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot
    error_message = "By default it has a standby, seven days of backups, and protection."
  }

  assert {
    condition     = aws_db_instance.this.max_allocated_storage == 100 && aws_db_instance.this.allocated_storage == 20
    error_message = "Storage grows from 20 to 100 GiB by itself."
  }

  assert {
    condition     = aws_db_instance.this.performance_insights_enabled && aws_db_instance.this.monitoring_role_arn == aws_iam_role.monitoring.arn
    error_message = "Performance Insights and enhanced monitoring are on."
  }

  assert {
    condition     = aws_db_parameter_group.this.family == "postgres17" && contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "rds.force_ssl=1")
    error_message = "PostgreSQL takes TLS alone."
  }

  assert {
    condition     = aws_db_subnet_group.this.subnet_ids == toset(var.subnet_ids) && aws_db_instance.this.db_subnet_group_name == aws_db_subnet_group.this.name
    error_message = "It is in the subnets that were given."
  }

  assert {
    condition     = keys(aws_cloudwatch_log_group.this) == ["postgresql", "upgrade"] && alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == var.logs_kms_key_arn])
    error_message = "Logs are encrypted by our key."
  }

  assert {
    condition     = aws_iam_role_policy_attachment.monitoring.role == aws_iam_role.monitoring.name && strcontains(aws_iam_role.monitoring.assume_role_policy, "monitoring.rds.amazonaws.com")
    error_message = "Enhanced monitoring has its role."
  }
}

run "mysql" {
  command = plan

  variables {
    engine         = "mysql"
    engine_version = "8.4"
    instance_class = "db.t4g.medium"
    parameters     = { long_query_time = "2" }
  }

  assert {
    condition = length(setsubtract(
      [
        "require_secure_transport=ON", "max_connections=200", "character_set_server=utf8mb4", "slow_query_log=1",
        "innodb_buffer_pool_size={DBInstanceClassMemory*3/4}", "long_query_time=2",
      ],
      [for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"],
    )) == 0
    error_message = "MySQL's parameters are not what was asked for."
  }

  assert {
    condition     = aws_db_parameter_group.this.name == "millrace-dev-mysql84" && aws_db_parameter_group.this.family == "mysql8.4" && aws_db_instance.this.port == 3306
    error_message = "The group is ${aws_db_parameter_group.this.name} of ${aws_db_parameter_group.this.family}."
  }
}

run "a_cheap_one_for_dev" {
  command = plan

  variables {
    multi_az            = false
    backup_days         = 1
    deletion_protection = false
  }

  assert {
    condition     = !aws_db_instance.this.multi_az && aws_db_instance.this.backup_retention_period == 1 && aws_db_instance.this.storage_encrypted
    error_message = "Dev does without a standby, and not without encryption."
  }
}

run "an_instance_class_that_does_not_exist" {
  command = plan

  variables {
    instance_class = "db.t3.tiny"
  }

  expect_failures = [var.instance_class]
}

run "no_backups" {
  command = plan

  variables {
    backup_days = 0
  }

  expect_failures = [var.backup_days]
}

run "one_zone" {
  command = plan

  variables {
    subnet_ids = ["subnet-a"]
  }

  expect_failures = [var.subnet_ids]
}

run "a_version_of_the_other_engine" {
  command = plan

  variables {
    engine               = "mysql"
    engine_version       = "17"
    performance_insights = false
  }

  expect_failures = [var.engine_version]
}

run "no_room_to_grow" {
  command = plan

  variables {
    storage_max_gib = 21
  }

  expect_failures = [aws_db_instance.this]
}

run "insights_on_a_small_mysql" {
  command = plan

  variables {
    engine         = "mysql"
    engine_version = "8.4"
  }

  expect_failures = [var.performance_insights]
}
