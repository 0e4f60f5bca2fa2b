# One PostgreSQL or MySQL: encrypted, in subnets without a way out, its first password kept and rotated by RDS itself.

locals {
  major = regex("^[0-9]+(?:\\.[0-9]+)?", var.engine == "mysql" ? var.engine_version : split(".", var.engine_version)[0])

  parameters = {
    postgres = {
      "rds.force_ssl"                     = { value = "1" }
      max_connections                     = { value = tostring(var.max_connections), at_restart = true }
      shared_preload_libraries            = { value = "pg_stat_statements", at_restart = true }
      log_min_duration_statement          = { value = tostring(var.slow_query_ms) }
      log_lock_waits                      = { value = "1" }
      "rds.log_retention_period"          = { value = "10080" }
      idle_in_transaction_session_timeout = { value = "300000" }
    }
    mysql = {
      require_secure_transport = { value = "ON" }
      max_connections          = { value = tostring(var.max_connections) }
      character_set_server     = { value = "utf8mb4" }
      collation_server         = { value = "utf8mb4_0900_ai_ci" }
      innodb_buffer_pool_size  = { value = "{DBInstanceClassMemory*3/4}", at_restart = true }
      slow_query_log           = { value = "1" }
      long_query_time          = { value = tostring(var.slow_query_ms / 1000) }
      log_output               = { value = "FILE" }
    }
  }

  logs = { postgres = ["postgresql", "upgrade"], mysql = ["error", "slowquery"] }
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_db_parameter_group" "this" {
  # The family is part of the name, so that a new major version's group can be made beside the old.
  name        = "${var.name}-${var.engine}${replace(local.major, ".", "")}"
  family      = "${var.engine}${local.major}"
  description = "${var.name}: TLS only, slow statements logged"

  dynamic "parameter" {
    for_each = merge(local.parameters[var.engine], { for name, value in var.parameters : name => { value = value } })

    content {
      name         = parameter.key
      value        = parameter.value.value
      apply_method = try(parameter.value.at_restart, false) ? "pending-reboot" : "immediate"
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_293:protection is the environment's choice: off in dev alone, and prevent_destroy stays
  #checkov:skip=CKV_AWS_157:multi_az is the environment's choice: false in dev alone
  identifier     = var.name
  engine         = var.engine
  engine_version = var.engine_version
  instance_class = var.instance_class
  db_name        = var.database
  port           = { postgres = 5432, mysql = 3306 }[var.engine]

  username                      = "administrator"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.secrets_kms_key_arn

  iam_database_authentication_enabled = true

  allocated_storage     = var.storage_gib
  max_allocated_storage = var.storage_max_gib
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  multi_az               = var.multi_az
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [var.security_group_id]
  publicly_accessible    = false
  parameter_group_name   = aws_db_parameter_group.this.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period   = var.backup_days
  backup_window             = "02:00-03:00"
  maintenance_window        = "sun:03:30-sun:04:30"
  copy_tags_to_snapshot     = true
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-final"
  deletion_protection       = var.deletion_protection

  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = false
  apply_immediately           = false

  performance_insights_enabled          = var.performance_insights
  performance_insights_kms_key_id       = var.performance_insights ? var.kms_key_arn : null
  performance_insights_retention_period = var.performance_insights ? 7 : null
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.monitoring.arn
  enabled_cloudwatch_logs_exports       = local.logs[var.engine]

  depends_on = [aws_cloudwatch_log_group.this]

  lifecycle {
    prevent_destroy = true

    precondition {
      condition     = var.storage_max_gib >= var.storage_gib * 1.26
      error_message = "storage_max_gib must be at least 26 % above storage_gib: RDS refuses to autoscale with less room."
    }
  }
}

# RDS would make them without a key and keep them for ever.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:a year by default; dev and staging keep less
  for_each = toset(local.logs[var.engine])

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_kms_key_arn
}

resource "aws_iam_role" "monitoring" {
  name = "${var.name}-rds-monitoring"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

data "aws_partition" "current" {}
