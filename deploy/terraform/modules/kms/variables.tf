variable "name" {
  description = "Prefix of every name, such as millrace-dev."
  type        = string
}

variable "deletion_window_days" {
  description = "Days between the order to delete a key and its deletion."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30
    error_message = "deletion_window_days must be from 7 to 30, the limits of KMS."
  }
}
