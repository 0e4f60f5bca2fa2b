variable "name" {
  description = "Name of the collection, such as millrace-dev."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,22}$", var.name))
    error_message = "name must have 3 to 23 lower-case letters, digits and hyphens: policies take its name and a role's after it, 32 characters at most."
  }
}

variable "index" {
  description = "Index of the pipeline (OPENSEARCH_INDEX)."
  type        = string
  default     = "millrace"
}

variable "data_access" {
  description = "Roles that may use the index, by name, and which of them write."
  type        = map(object({ role_arn = string, writes = bool }))

  validation {
    condition     = alltrue([for name in keys(var.data_access) : length(name) <= 8])
    error_message = "data_access: names may have 8 characters at most, as they end policies' names."
  }
}

variable "standby_replicas" {
  description = "A second copy in another zone: twice the least capacity, and the price."
  type        = bool
  default     = true
}

variable "vpc_id" {
  description = "VPC from which it is reached."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of its endpoint."
  type        = list(string)
}

variable "security_group_id" {
  description = "Who may reach it: the group search of modules/security-groups."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the data."
  type        = string
}
