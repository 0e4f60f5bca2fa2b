variable "project" {
  description = "First part of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}[a-z0-9]$", var.project))
    error_message = "project is the first part of every name, some of which AWS limits to 32 characters: use 3 to 16 lower-case letters, digits and hyphens, such as millrace."
  }
}

variable "environment" {
  description = "dev, staging or prod: second part of every name."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment must be dev, staging or prod."
  }
}

variable "cost_center" {
  description = "Value of the tag CostCenter, by which the bill is split."
  type        = string

  validation {
    condition     = can(regex("^[\\w .:/=+@-]{1,128}$", var.cost_center))
    error_message = "cost_center is a tag's value: 1 to 128 letters, digits, spaces and . : / = + @ _ -."
  }
}
