variable "name" {
  description = "Prefix of every name, such as millrace-dev."
  type        = string
}

variable "package" {
  description = "Zip of the functions in S3, each as NAME.mjs. The key names the content, as commerce/VERSION.zip does."
  type        = object({ bucket = string, key = string })

  validation {
    condition     = endswith(var.package.key, ".zip") && !strcontains(var.package.key, "latest")
    error_message = "package.key must name one version, such as commerce/1.4.0.zip: what is behind \"latest\" changes without a plan."
  }
}

variable "on_msk" {
  description = "Kafka is MSK, named by msk_cluster_arn. False: brokers on EC2, named by bootstrap_servers."
  type        = bool
}

variable "msk_cluster_arn" {
  description = "ARN of the MSK cluster."
  type        = string
  default     = null

  validation {
    condition     = !var.on_msk || var.msk_cluster_arn != null
    error_message = "msk_cluster_arn is missing: on_msk is true."
  }
}

variable "bootstrap_servers" {
  description = "Brokers for clients by SCRAM, as host:port, comma-separated."
  type        = string
}

variable "scram_secret_arns" {
  description = "Secrets of the five users, by name: scram_secret_arns of modules/secrets."
  type        = map(string)

  validation {
    condition     = length(setsubtract(["order_generator", "payment_processor", "inventory_manager", "shipping_handler", "notification_handler"], keys(var.scram_secret_arns))) == 0
    error_message = "scram_secret_arns must have order_generator, payment_processor, inventory_manager, shipping_handler and notification_handler: add them to scram_users of modules/secrets."
  }
}

variable "schedule" {
  description = "How often orders are placed: rate(1 minute), or a cron expression."
  type        = string
  default     = "rate(1 minute)"

  validation {
    condition     = can(regex("^(rate\\([0-9]+ (minute|hour|day)s?\\)|cron\\(.+\\))$", var.schedule))
    error_message = "schedule must be rate(N minutes) or cron(…), as EventBridge takes it."
  }
}

variable "schedule_enabled" {
  description = "Whether orders are placed at all."
  type        = bool
  default     = true
}

variable "concurrency" {
  description = "Invocations of each function at once."
  type        = number
  default     = 10
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "The group functions of modules/security-groups."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the functions' variables and of the queue."
  type        = string
}

variable "secrets_kms_key_arn" {
  description = "Key of the users' secrets."
  type        = string
}

variable "logs_kms_key_arn" {
  description = "Key of the log groups."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which the functions' logs are kept."
  type        = number
  default     = 365
}
