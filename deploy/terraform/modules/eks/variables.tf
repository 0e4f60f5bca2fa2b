variable "name" {
  description = "Name of the cluster, such as millrace-dev."
  type        = string
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes. Raise it one step at a time."
  type        = string
  default     = "1.33"

  validation {
    condition     = can(regex("^1\\.(2[89]|3[0-9])$", var.kubernetes_version))
    error_message = "kubernetes_version must be a minor version from 1.28 on, such as 1.33."
  }
}

variable "node_groups" {
  description = "Groups of nodes, by name: instance types (several for spot, so that one that is taken is no outage), spot or on-demand, least and most nodes."
  type = map(object({
    instance_types = list(string)
    spot           = bool
    min            = number
    max            = number
  }))

  validation {
    condition     = alltrue([for group in var.node_groups : group.min >= 1 && group.max >= group.min])
    error_message = "node_groups: min must be at least 1, and max at least min."
  }

  validation {
    condition     = alltrue([for group in var.node_groups : !group.spot || length(group.instance_types) >= 2])
    error_message = "node_groups: a spot group needs two instance types or more, since one of them may be taken at any time."
  }

  validation {
    condition = alltrue(flatten([
      for group in var.node_groups : [for type in group.instance_types : can(regex("^(t3a?|m5a?|m6[ai]|m7[ai]|c6[ai]|c7[ai]|r6[ai]|r7[ai])\\.(small|medium|([248]?x)?large|1[26]xlarge)$", type))]
    ]))
    error_message = "node_groups: instance_types must be x86 types with 2 GiB or more such as t3.small, m6i.large or m7a.2xlarge."
  }
}

variable "node_disk_gib" {
  description = "Disk of each node: images and logs."
  type        = number
  default     = 30
}

variable "public_access_cidrs" {
  description = "Ranges that reach the API server from the Internet. Empty: it is private, and reached through the bastion."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.public_access_cidrs : try(tonumber(split("/", cidr)[1]) >= 16 && can(cidrnetmask(cidr)), false)])
    error_message = "public_access_cidrs must be IPv4 ranges of /16 or smaller, such as 203.0.113.0/24: the API server is never open to the Internet."
  }
}

variable "administrator_role_arns" {
  description = "Roles that administer the cluster, by a name for each: the deploy role of modules/github-oidc, and people's."
  type        = map(string)
}

variable "oidc_thumbprints" {
  description = "Thumbprints of the OIDC issuer's authority, where IAM does not know it."
  type        = list(string)
  default     = []
}

variable "subnet_ids" {
  description = "Private subnets, in at least two zones."
  type        = list(string)
}

variable "control_plane_security_group_id" {
  description = "The group control-plane of modules/security-groups."
  type        = string
}

variable "node_security_group_id" {
  description = "The group nodes of modules/security-groups."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of Kubernetes' Secrets."
  type        = string
}

variable "logs_kms_key_arn" {
  description = "Key of the control plane's logs."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which the control plane's logs are kept."
  type        = number
  default     = 365
}

variable "tags" {
  description = "Tags of the instances, which a node group does not take from the provider."
  type        = map(string)
  default     = {}
}
