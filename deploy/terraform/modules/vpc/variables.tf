variable "name" {
  description = "Prefix of every name, such as millrace-dev."
  type        = string
}

variable "cidr" {
  description = "Addresses of the VPC: a /16, which holds three private subnets of 4,091 addresses each."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.cidr)) && endswith(var.cidr, "/16") && cidrhost(var.cidr, 0) == split("/", var.cidr)[0]
    error_message = "cidr must be a /16 network such as 10.0.0.0/16, with zeros after its prefix."
  }
}

variable "nat" {
  description = "NAT gateways: none (pods reach only the VPC and its endpoints), single (the cheap one: its zone's outage cuts all zones off) or per_az."
  type        = string
  default     = "per_az"

  validation {
    condition     = contains(["none", "single", "per_az"], var.nat)
    error_message = "nat must be none, single or per_az."
  }
}

variable "interface_endpoints" {
  description = "AWS services that get an interface endpoint, by the last part of the service's name."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "sts", "secretsmanager", "bedrock-runtime"]

  validation {
    condition     = !contains(var.interface_endpoints, "s3")
    error_message = "interface_endpoints must not hold s3: its gateway endpoint is always there and costs nothing."
  }
}

variable "logs_kms_key_arn" {
  description = "Key of the log group."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which flow logs are kept."
  type        = number
  default     = 365
}
