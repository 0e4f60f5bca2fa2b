variable "project" {
  description = "First part of every name."
  type        = string
  default     = "millrace"
}

variable "environment" {
  description = "dev, staging or prod."
  type        = string
}

variable "cost_center" {
  description = "Value of the tag CostCenter."
  type        = string
}

variable "region" {
  description = "Region of the estate, such as eu-central-1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be a region such as eu-central-1."
  }
}

variable "account_id" {
  description = "Account of the estate: the provider refuses any other."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of an account: aws sts get-caller-identity."
  }
}

variable "network" {
  # Its type is in modules/estate, once for all environments.
  description = "Addresses, NAT gateways (none, single, per_az), interface endpoints."
  type        = any
}

variable "kafka" {
  description = "msk, or ec2: brokers that Ansible installs."
  type        = string
}

variable "msk" {
  # Its type is in modules/estate, once for all environments.
  description = "Size of MSK's brokers."
  type        = any
  default     = {}
}

variable "kafka_ec2" {
  # Its type is in modules/estate, once for all environments.
  description = "Sizes of Kafka's machines on EC2."
  type        = any
  default     = {}
}

variable "postgres" {
  # Its type is in modules/estate, once for all environments.
  description = "Size of PostgreSQL, its standby and its backups."
  type        = any
}

variable "mysql" {
  # Its type is in modules/estate, once for all environments.
  description = "A MySQL for the transactions service, or null."
  type        = any
  default     = null
}

variable "cache" {
  # Its type is in modules/estate, once for all environments.
  description = "Size of the cache, its nodes and its snapshots."
  type        = any
}

variable "search" {
  # Its type is in modules/estate, once for all environments.
  description = "A domain or a Serverless collection, and its size."
  type        = any
}

variable "eks" {
  # Its type is in modules/estate, once for all environments.
  description = "Version, groups of nodes, who reaches the API server from outside, and how pods get roles (irsa, pod-identity)."
  type        = any
}

variable "administrator_role_arns" {
  description = "Roles of people who administer the cluster, by a name for each."
  type        = map(string)
  default     = {}
}

variable "ecs" {
  # Its type is in modules/estate, once for all environments.
  description = "The events API and Kafka Connect on ECS, or null."
  type        = any
  default     = null
}

variable "commerce" {
  # Its type is in modules/estate, once for all environments.
  description = "The five functions of commerce, or null: their zip in S3, and how often orders are placed."
  type        = any
  default     = null
}

variable "public" {
  # Its type is in modules/estate, once for all environments.
  description = "CloudFront before the API, or null: its public name, its certificate in us-east-1, and the load balancer's name."
  type        = any
  default     = null
}

variable "origin_header" {
  description = "What CloudFront sends, and the load balancer asks for: random text. Lies in the state."
  type        = string
  default     = null
  sensitive   = true
}

variable "bastion" {
  # Its type is in modules/estate, once for all environments.
  description = "Size of the bastion; a key pair and ranges where SSH is asked for."
  type        = any
  default     = {}
}

variable "github" {
  # Its type is in modules/estate, once for all environments.
  description = "Repository (OWNER/NAME) whose workflows work here, and whether the account's OIDC provider is made here."
  type        = any
}

variable "state" {
  # Its type is in modules/estate, once for all environments.
  description = "Bucket and key of Terraform's state: outputs of bootstrap."
  type        = any
}

variable "budget" {
  # Its type is in modules/estate, once for all environments.
  description = "Dollars a month, and who is written to."
  type        = any
}

variable "deletion_protection" {
  description = "Have AWS refuse to delete databases and load balancers, and ECR to delete images."
  type        = bool
  default     = true
}

variable "secret_recovery_days" {
  description = "Days for which a deleted secret can be restored."
  type        = number
  default     = 30
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 365
}

variable "password_seed" {
  description = "Random text, another one each time: TF_VAR_password_seed=$(openssl rand -hex 32). See modules/secrets."
  type        = string
  ephemeral   = true
  sensitive   = true
}
