variable "name" {
  description = "Prefix of every name, such as millrace-dev."
  type        = string
}

variable "domain" {
  description = "Public name of the API, such as api.example.com."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a host name such as api.example.com, without https://."
  }
}

variable "origin_domain" {
  description = "Name of the load balancer. Its certificate must be made out to what is asked for: use a name of your own for it."
  type        = string
}

variable "origin_header" {
  description = "Value of X-Origin-Verify, by which the load balancer knows requests that came this way. Lies in the state."
  type        = string
  default     = null
  sensitive   = true
}

variable "certificate_arn" {
  description = "ACM certificate of domain, in us-east-1."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/", var.certificate_arn))
    error_message = "certificate_arn must be an ACM certificate in us-east-1: CloudFront takes no other."
  }
}

variable "web_acl_arn" {
  description = "Web ACL: arn of modules/waf."
  type        = string
}

variable "price_class" {
  description = "PriceClass_100 (Europe and North America), PriceClass_200 or PriceClass_All."
  type        = string
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class must be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}
