variable "name" {
  description = "Prefix of every name, such as millrace-dev."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the groups."
  type        = string
}

variable "endpoints_security_group_id" {
  description = "Group of the VPC's interface endpoints, which gets its rules here."
  type        = string
}

variable "database_ports" {
  description = "Ports of the databases: 5432 (PostgreSQL), 3306 (MySQL)."
  type        = set(number)
  default     = [5432]

  validation {
    condition     = length(setsubtract(var.database_ports, [5432, 3306])) == 0 && length(var.database_ports) > 0
    error_message = "database_ports may hold 5432 (PostgreSQL) and 3306 (MySQL)."
  }
}

variable "bastion_ssh_cidrs" {
  description = "Ranges from which the bastion takes SSH. Empty: Session Manager alone, which needs no open port."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.bastion_ssh_cidrs : try(tonumber(split("/", cidr)[1]) >= 20 && can(cidrnetmask(cidr)), false)])
    error_message = "bastion_ssh_cidrs must be IPv4 ranges of /20 or smaller, such as your office's 203.0.113.0/24: SSH is never open to the Internet."
  }
}
