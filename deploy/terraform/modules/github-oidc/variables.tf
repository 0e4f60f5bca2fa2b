variable "name" {
  description = "Prefix of every name, such as millrace-dev."
  type        = string
}

variable "environment" {
  description = "Environment of the repository, whose approvals guard apply and deploy."
  type        = string
}

variable "repository" {
  description = "OWNER/NAME on GitHub."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository must be OWNER/NAME, without wildcards: each role trusts one repository."
  }
}

variable "create_provider" {
  description = "Make the account's OIDC provider for GitHub. False where the account has it."
  type        = bool
  default     = true
}

variable "thumbprints" {
  description = "Thumbprints of the authority of GitHub's tokens, where IAM does not know it."
  type        = list(string)
  default     = []
}

variable "state_bucket_arn" {
  description = "Bucket of Terraform's state: state_bucket_arn of bootstrap."
  type        = string
}

variable "state_kms_key_arn" {
  description = "Key of that bucket."
  type        = string
}

variable "secrets_kms_key_arn" {
  description = "Key of the SCRAM users' secrets, whose versions a refresh reads."
  type        = string
}

variable "repository_arns" {
  description = "Image repositories that deploy pushes to: arns of modules/ecr."
  type        = list(string)

  validation {
    condition     = length(var.repository_arns) > 0
    error_message = "repository_arns is empty: deploy needs the repositories that it pushes to."
  }
}

variable "eks_cluster_arn" {
  description = "Cluster that deploy releases to."
  type        = string
}

variable "image_parameter_arns" {
  description = "Parameters with the digests that ECS runs."
  type        = list(string)
  default     = []
}
