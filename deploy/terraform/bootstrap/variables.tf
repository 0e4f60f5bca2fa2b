variable "project" {
  description = "First part of every name."
  type        = string
  default     = "millrace"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}[a-z0-9]$", var.project))
    error_message = "project must be 3 to 16 lower-case letters, digits and hyphens, such as millrace."
  }
}

variable "region" {
  description = "Region of the state, such as eu-central-1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be a region such as eu-central-1."
  }
}

variable "cost_center" {
  description = "Value of the tag CostCenter."
  type        = string
  default     = "shared"
}

variable "old_versions_days" {
  description = "Days after which older versions of an object are deleted; the last ten stay."
  type        = number
  default     = 90

  validation {
    condition     = var.old_versions_days >= 30
    error_message = "old_versions_days must be at least 30: an old state is how a wrong apply is undone."
  }
}

variable "lock_table" {
  description = "Make a DynamoDB table, too, for tools that can't lock by a file."
  type        = bool
  default     = false
}
