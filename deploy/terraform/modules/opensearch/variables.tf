variable "name" {
  description = "Name of the domain, such as millrace-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,27}$", var.name))
    error_message = "name must have 3 to 28 lower-case letters, digits and hyphens: OpenSearch takes no more."
  }
}

variable "engine_version" {
  description = "Version of the engine. Filters within a vector search need 2.9 or later."
  type        = string
  default     = "OpenSearch_2.19"

  validation {
    condition     = can(regex("^OpenSearch_(2\\.(9|1[0-9])|[3-9]\\.[0-9]+)$", var.engine_version))
    error_message = "engine_version must be OpenSearch_2.9 or later, such as OpenSearch_2.19."
  }
}

variable "instance_type" {
  description = "Type of the data nodes. A million vectors of 1,536 dimensions take about 8 GB outside of the heap."
  type        = string

  validation {
    condition     = can(regex("^(t3\\.(small|medium)|(m6g|m7g|r6g|r7g|c7g)\\.([248]?x)?large|or1\\.([248]?x)?large)\\.search$", var.instance_type))
    error_message = "instance_type must be a type of OpenSearch that holds vectors, such as t3.medium.search or r7g.large.search."
  }
}

variable "data_nodes" {
  description = "Data nodes: 1, 2, or a multiple of the three zones."
  type        = number
  default     = 3

  validation {
    condition     = contains([1, 2], var.data_nodes) || (var.data_nodes > 0 && var.data_nodes % 3 == 0)
    error_message = "data_nodes must be 1, 2, 3, 6, 9, …: as many in each zone."
  }
}

variable "master_nodes" {
  description = "Dedicated masters: 0, 3 or 5."
  type        = number
  default     = 3

  validation {
    condition     = contains([0, 3, 5], var.master_nodes)
    error_message = "master_nodes must be 0, 3 or 5: an even number can't outvote a lost zone."
  }
}

variable "master_instance_type" {
  description = "Type of the dedicated masters."
  type        = string
  default     = "m7g.large.search"
}

variable "storage_gib" {
  description = "Storage of each data node."
  type        = number
  default     = 100
}

variable "administrator_role_arn" {
  description = "Role that administers fine-grained access control."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/", var.administrator_role_arn))
    error_message = "administrator_role_arn must be a role's ARN: arn:aws:iam::ACCOUNT_ID:role/NAME."
  }
}

variable "client_role_arns" {
  description = "Roles that may send requests: sink, api and cli of modules/iam-roles."
  type        = list(string)
  default     = []
}

variable "create_service_linked_role" {
  description = "Make the account's service-linked role. False where the account has it."
  type        = bool
  default     = false
}

variable "subnet_ids" {
  description = "Database subnets; as many are used as there are zones with nodes."
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

variable "logs_kms_key_arn" {
  description = "Key of the log groups."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 365
}
