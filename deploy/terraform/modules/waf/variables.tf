variable "name" {
  description = "Prefix of every name, such as millrace-dev."
  type        = string
}

variable "scope" {
  description = "CLOUDFRONT (in us-east-1) or REGIONAL (load balancers)."
  type        = string
  default     = "CLOUDFRONT"

  validation {
    condition     = contains(["CLOUDFRONT", "REGIONAL"], var.scope)
    error_message = "scope must be CLOUDFRONT or REGIONAL."
  }
}

variable "rate_limit" {
  description = "Requests of one address in five minutes."
  type        = number
  default     = 2000

  validation {
    condition     = var.rate_limit >= 10 && var.rate_limit <= 2000000000
    error_message = "rate_limit must be from 10 to 2000000000, the limits of WAF."
  }
}

variable "log_retention_days" {
  description = "Days for which refused requests are kept."
  type        = number
  default     = 365
}
