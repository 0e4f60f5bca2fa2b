variable "name" {
  description = "Prefix of every name, such as millrace-dev."
  type        = string
}

variable "broker_instance_type" {
  description = "Type of the brokers. Micro types, which can't hold a broker's heap, are refused."
  type        = string
  default     = "t3.medium"

  validation {
    condition     = lookup(local.memory_mib, var.broker_instance_type, 0) >= 2 * var.broker_heap_mib
    error_message = "broker_instance_type must have twice broker_heap_mib of memory, as the other half is Kafka's page cache. Known: t3.medium (4 GiB) to t3.xlarge, m6i, m7i, r6i and r7i from large on."
  }
}

variable "broker_heap_mib" {
  description = "Heap of each broker."
  type        = number
  default     = 2048

  validation {
    condition     = var.broker_heap_mib >= 1024 && var.broker_heap_mib <= 6144
    error_message = "broker_heap_mib must be from 1024 to 6144: brokers fail below, and gain nothing above."
  }
}

variable "controller_instance_type" {
  description = "Type of the controllers."
  type        = string
  default     = "t3.small"

  validation {
    condition     = lookup(local.memory_mib, var.controller_instance_type, 0) >= 2048
    error_message = "controller_instance_type must have 2 GiB or more: a controller's heap takes 1 GiB. Known: t3.small to t3.xlarge, m6i, m7i, r6i and r7i from large on."
  }
}

variable "control_center" {
  description = "A machine for a control center."
  type        = bool
  default     = true
}

variable "control_center_instance_type" {
  description = "Type of that machine."
  type        = string
  default     = "t3.large"

  validation {
    condition     = lookup(local.memory_mib, var.control_center_instance_type, 0) >= 8192
    error_message = "control_center_instance_type must have 8 GiB or more: the control center's heap takes 4 GiB."
  }
}

variable "broker_storage_gib" {
  description = "Volume of each broker's topics."
  type        = number
  default     = 100
}

variable "key_name" {
  description = "Key pair for SSH through the bastion. Null: Session Manager alone."
  type        = string
  default     = null
}

variable "vpc_id" {
  description = "VPC in which the brokers' names are known."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets, one in each of the three zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) == 3
    error_message = "subnet_ids must be three subnets in three zones, so that a zone's outage leaves a quorum."
  }
}

variable "security_group_id" {
  description = "The group kafka of modules/security-groups."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the volumes."
  type        = string
}
