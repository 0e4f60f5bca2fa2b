variable "name" {
  description = "Prefix of every name, such as millrace-dev."
  type        = string

  validation {
    condition     = length(var.name) <= 28
    error_message = "name may have 28 characters at most: load balancers take 32, and -api follows."
  }
}

variable "api" {
  description = "Size of the API's tasks, and how many."
  type        = object({ cpu = number, memory_mib = number, min = number, max = number })
  default     = { cpu = 512, memory_mib = 1024, min = 2, max = 8 }

  validation {
    condition     = try(contains({ 256 = [512, 1024, 2048], 512 = [1024, 2048, 3072, 4096], 1024 = [2048, 3072, 4096, 5120, 6144, 7168, 8192], 2048 = [4096, 8192, 16384] }[var.api.cpu], var.api.memory_mib), false)
    error_message = "api: Fargate takes cpu 256 with 512 to 2048 MiB, 512 with 1024 to 4096, 1024 with 2048 to 8192, 2048 with 4096, 8192 or 16384."
  }
}

variable "connect" {
  description = "Size of Kafka Connect's tasks, and how many."
  type        = object({ cpu = number, memory_mib = number, min = number, max = number })
  default     = { cpu = 1024, memory_mib = 2048, min = 1, max = 4 }

  validation {
    condition     = var.connect.memory_mib >= 2048
    error_message = "connect: memory_mib must be at least 2048: Kafka Connect's heap takes 1 GiB and its buffers as much."
  }
}

variable "spot" {
  description = "Run on Fargate Spot: a third of the price, and two minutes' notice."
  type        = bool
  default     = false
}

variable "image_registry" {
  description = "Registry and path before the images' names: registry of modules/ecr."
  type        = string
}

variable "repository_arns" {
  description = "Repositories of the images."
  type        = list(string)
}

variable "environment" {
  description = "Environment variables of api and connect."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = length([for name in flatten([for variables in values(var.environment) : keys(variables)]) : name if can(regex("PASSWORD|SECRET$|API_KEY$", name))]) == 0
    error_message = "environment holds a secret by its name. Put it into Secrets Manager and its ARN into secrets."
  }
}

variable "secrets" {
  description = "Environment variables of api and connect that come from Secrets Manager: ARNs by name."
  type        = map(map(string))
  default     = {}
}

variable "policies" {
  description = "Policies of the tasks, by service: policies of modules/iam-roles."
  type        = map(string)
  default     = {}
}

variable "services_with_policy" {
  description = "Services that have one."
  type        = list(string)
  default     = []
}

variable "connect_lag" {
  description = "Lag that Kafka Connect is scaled by: messages for each task, of a consumer group of an MSK cluster. Null: by CPU alone."
  type        = object({ per_task = number, cluster_name = string, consumer_group = string, topic = string })
  default     = null
}

variable "certificate_arn" {
  description = "ACM certificate of the API's name, in this region."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/", var.certificate_arn))
    error_message = "certificate_arn must be an ACM certificate's ARN: the API is served by HTTPS alone."
  }
}

variable "origin_header" {
  description = "Value of X-Origin-Verify without which requests are refused: origin_header of modules/cloudfront. Null: all are let in."
  type        = string
  default     = null
  sensitive   = true
}

variable "deletion_protection" {
  description = "Have AWS refuse to delete the load balancer."
  type        = bool
  default     = true
}

variable "vpc_id" {
  description = "VPC of the tasks."
  type        = string
}

variable "public_subnet_ids" {
  description = "Subnets of the load balancer."
  type        = list(string)
}

variable "private_subnet_ids" {
  description = "Subnets of the tasks."
  type        = list(string)
}

variable "alb_security_group_id" {
  description = "The group alb of modules/security-groups."
  type        = string
}

variable "task_security_group_id" {
  description = "The group tasks of modules/security-groups."
  type        = string
}

variable "secrets_kms_key_arn" {
  description = "Key of the secrets."
  type        = string
}

variable "logs_kms_key_arn" {
  description = "Key of the log groups."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which the tasks' logs are kept."
  type        = number
  default     = 365
}
