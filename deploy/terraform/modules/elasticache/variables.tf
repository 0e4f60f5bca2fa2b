variable "name" {
  description = "Name of the replication group, such as millrace-dev."
  type        = string

  validation {
    condition     = length(var.name) <= 32
    error_message = "name may have 32 characters at most: ElastiCache signs tokens for it."
  }
}

variable "node_type" {
  description = "Such as cache.t4g.small or cache.r7g.large."
  type        = string

  validation {
    condition     = can(regex("^cache\\.(t3|t4g)\\.(micro|small|medium)$|^cache\\.(m6g|m7g|r6g|r7g)\\.([248]?x)?large$", var.node_type))
    error_message = "node_type must be a type of ElastiCache such as cache.t4g.small or cache.r7g.large: families t3, t4g, m6g, m7g, r6g, r7g."
  }
}

variable "nodes" {
  description = "Primary and replicas. From two on the group fails over, across zones."
  type        = number
  default     = 2

  validation {
    condition     = var.nodes >= 1 && var.nodes <= 6
    error_message = "nodes must be from 1 (no failover) to 6 (a primary and five replicas, the limit)."
  }
}

variable "authentication" {
  description = "iam, or token (one AUTH token for all; it lies in the state)."
  type        = string
  default     = "iam"

  validation {
    condition     = contains(["iam", "token"], var.authentication)
    error_message = "authentication must be iam or token: there is no cache without a login."
  }
}

variable "users" {
  description = "IAM users, by name, with what each may do, as in ACL SETUSER."
  type        = map(string)
  default     = { millrace = "~* &* +@all -@admin -@dangerous +info +keys +scan" }
}

variable "auth_token" {
  description = "AUTH token where authentication is token: 16 to 128 characters."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.auth_token == null || can(regex("^[A-Za-z0-9!&#$^<>-]{16,128}$", var.auth_token))
    error_message = "auth_token must have 16 to 128 letters, digits and ! & # $ ^ < > -."
  }
}

variable "snapshot_days" {
  description = "Days for which daily snapshots are kept; 0 for none."
  type        = number
  default     = 1
}

variable "subnet_ids" {
  description = "Database subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "Who may reach it: the group cache of modules/security-groups."
  type        = string
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
  description = "Days for which the slow log is kept."
  type        = number
  default     = 365
}
