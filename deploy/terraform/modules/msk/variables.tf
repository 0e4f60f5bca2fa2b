variable "name" {
  description = "Name of the cluster, such as millrace-prod."
  type        = string
}

variable "kafka_version" {
  description = "Version of Kafka, as MSK names it."
  type        = string
  default     = "3.9.x"

  validation {
    condition     = can(regex("^(3\\.[6-9]|4\\.[0-9])\\.(x|[0-9])(\\.kraft)?$", var.kafka_version))
    error_message = "kafka_version must be 3.6 or later as MSK names it, such as 3.9.x or 3.7.x.kraft."
  }
}

variable "brokers" {
  description = "Brokers: a multiple of the three zones."
  type        = number
  default     = 3

  validation {
    condition     = var.brokers >= 3 && var.brokers % 3 == 0
    error_message = "brokers must be 3, 6, 9, …: as many in each of the three zones."
  }
}

variable "instance_type" {
  description = "Such as kafka.m5.large."
  type        = string
  default     = "kafka.m5.large"

  validation {
    condition     = can(regex("^kafka\\.(t3\\.small|(m5|m7g)\\.([248]?x)?large|express\\.m7g\\.([24]?x)?large)$", var.instance_type))
    error_message = "instance_type must be a type of MSK such as kafka.m5.large or kafka.m7g.xlarge."
  }
}

variable "storage_gib" {
  description = "Storage of each broker to begin with."
  type        = number
  default     = 100
}

variable "storage_max_gib" {
  description = "Storage up to which each broker grows by itself."
  type        = number
  default     = 1000

  validation {
    condition     = var.storage_max_gib >= var.storage_gib && var.storage_max_gib <= 16384
    error_message = "storage_max_gib must be from storage_gib to 16384, the limit of MSK."
  }
}

variable "server_properties" {
  description = "More properties of the brokers, or other values of those that the module sets."
  type        = map(string)
  default     = {}
}

variable "subnet_ids" {
  description = "Database subnets, one in each of the three zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) == 3
    error_message = "subnet_ids must be three subnets in three zones."
  }
}

variable "security_group_id" {
  description = "Who may reach it: the group msk of modules/security-groups."
  type        = string
}

variable "scram_secret_arns" {
  description = "Secrets of SCRAM users: scram_secret_arns of modules/secrets."
  type        = list(string)
  default     = []
}

variable "kms_key_arn" {
  description = "Key of the data."
  type        = string
}

variable "logs_kms_key_arn" {
  description = "Key of the log group."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which the brokers' logs are kept."
  type        = number
  default     = 365
}
