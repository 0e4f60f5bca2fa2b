variable "name" {
  description = "Name of the instance, such as millrace-dev."
  type        = string
}

variable "engine" {
  description = "postgres or mysql."
  type        = string
  default     = "postgres"

  validation {
    condition     = contains(["postgres", "mysql"], var.engine)
    error_message = "engine must be postgres or mysql."
  }
}

variable "engine_version" {
  description = "PostgreSQL: the major version, such as 17. MySQL: 8.0 or 8.4. Minor versions come in the maintenance window."
  type        = string
  default     = "17"

  validation {
    condition     = var.engine == "mysql" ? contains(["8.0", "8.4"], var.engine_version) : can(regex("^1[5-9](\\.[0-9]+)?$", var.engine_version))
    error_message = "engine_version must be 15 to 19 for postgres, or 8.0 or 8.4 for mysql."
  }
}

variable "instance_class" {
  description = "Such as db.t4g.small or db.m7g.large."
  type        = string

  validation {
    condition     = can(regex("^db\\.(t3|t4g)\\.(micro|small|medium|large|xlarge)$|^db\\.(m6g|m7g|r6g|r7g|m6i|r6i)\\.([248]?x)?large$", var.instance_class))
    error_message = "instance_class must be a class of RDS such as db.t4g.small, db.m7g.large or db.r7g.2xlarge: families t3, t4g, m6g, m7g, r6g, r7g, m6i, r6i."
  }
}

variable "database" {
  description = "Database that is made first."
  type        = string
  default     = "millrace"
}

variable "storage_gib" {
  description = "Storage to begin with. RDS raises it up to storage_max_gib, and plans leave that alone."
  type        = number
  default     = 20

  validation {
    condition     = var.storage_gib >= 20
    error_message = "storage_gib must be at least 20, the least that gp3 takes."
  }
}

variable "storage_max_gib" {
  description = "Storage up to which RDS grows by itself."
  type        = number
  default     = 100
}

variable "max_connections" {
  description = "Connections at most: pools of all processes together, and some for people."
  type        = number
  default     = 200

  validation {
    condition     = var.max_connections >= 50 && var.max_connections <= 5000
    error_message = "max_connections must be from 50 to 5000."
  }
}

variable "slow_query_ms" {
  description = "Statements that take longer are logged."
  type        = number
  default     = 1000
}

variable "parameters" {
  description = "More parameters of the engine, or other values of those that the module sets."
  type        = map(string)
  default     = {}
}

variable "multi_az" {
  description = "A standby in another zone: fails over within one or two minutes."
  type        = bool
  default     = true
}

variable "backup_days" {
  description = "Days for which any moment can be restored."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "backup_days must be from 1 to 35: there is no database without backups."
  }
}

variable "deletion_protection" {
  description = "Have AWS, too, refuse to delete the instance."
  type        = bool
  default     = true
}

variable "performance_insights" {
  description = "Seven days of Performance Insights, which are free."
  type        = bool
  default     = true

  validation {
    condition     = !(var.performance_insights && var.engine == "mysql" && can(regex("^db\\.t[34]g?\\.(micro|small)$", var.instance_class)))
    error_message = "performance_insights must be false for MySQL on micro and small t classes, which do not support it."
  }
}

variable "subnet_ids" {
  description = "Database subnets, in at least two zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must be subnets in at least two zones, also without multi_az: RDS asks for that."
  }
}

variable "security_group_id" {
  description = "Who may reach it: the group database of modules/security-groups."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the storage, its snapshots and Performance Insights."
  type        = string
}

variable "secrets_kms_key_arn" {
  description = "Key of the administrator's password."
  type        = string
}

variable "logs_kms_key_arn" {
  description = "Key of the log groups."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 365
}
