variable "name" {
  description = "Prefix of every name, such as millrace-dev."
  type        = string
}

variable "instance_type" {
  description = "t3.small, or t3.medium in production."
  type        = string
  default     = "t3.small"

  validation {
    condition     = can(regex("^t3a?\\.(micro|small|medium|large)$", var.instance_type))
    error_message = "instance_type must be a t3 or t3a type from micro to large, such as t3.small: the bastion runs clients."
  }
}

variable "public" {
  description = "Give it a public address, for SSH from the ranges of the security group. Needs key_name and a public subnet."
  type        = bool
  default     = false

  validation {
    condition     = !var.public || var.key_name != null
    error_message = "public needs key_name: a public address is for SSH. Session Manager needs neither."
  }
}

variable "key_name" {
  description = "Key pair for SSH. Null: Session Manager alone."
  type        = string
  default     = null
}

variable "kubernetes_version" {
  description = "Version of kubectl, as the cluster's."
  type        = string
  default     = "1.33"
}

variable "eks_cluster_arn" {
  description = "Cluster that kubectl speaks to."
  type        = string
}

variable "subnet_id" {
  description = "A private subnet, or a public one with public."
  type        = string
}

variable "security_group_id" {
  description = "The group bastion of modules/security-groups."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the disk."
  type        = string
}
