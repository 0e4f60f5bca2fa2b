variable "name" {
  description = "Name of the budget, such as millrace-dev."
  type        = string
}

variable "environment" {
  description = "Value of the tag Environment whose costs are counted."
  type        = string
}

variable "project" {
  description = "Value of the tag Project whose costs are counted."
  type        = string
}

variable "limit_usd" {
  description = "Dollars a month."
  type        = number

  validation {
    condition     = var.limit_usd > 0
    error_message = "limit_usd must be more than 0."
  }
}

variable "emails" {
  description = "Who is written to at 80 % and 100 % of the limit, and when 100 % is forecast."
  type        = list(string)

  validation {
    condition     = length(var.emails) >= 1 && length(var.emails) <= 10 && alltrue([for email in var.emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", email))])
    error_message = "emails must be one to ten addresses, such as team@example.com: a budget that writes to no one warns no one."
  }
}
