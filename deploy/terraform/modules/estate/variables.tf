variable "name" {
  description = "Prefix of every name: name of modules/naming."
  type        = string
}

variable "environment" {
  description = "dev, staging or prod."
  type        = string
}

variable "tags" {
  description = "Tags of every resource: tags of modules/naming."
  type        = map(string)
}

variable "network" {
  description = "Addresses, NAT gateways (none, single, per_az), interface endpoints."
  type = object({
    cidr                = optional(string, "10.0.0.0/16")
    nat                 = string
    interface_endpoints = optional(set(string), ["ecr.api", "ecr.dkr", "sts", "secretsmanager", "bedrock-runtime"])
  })
}

variable "kafka" {
  description = "msk, or ec2: brokers that Ansible installs."
  type        = string

  validation {
    condition     = contains(["msk", "ec2"], var.kafka)
    error_message = "kafka must be msk or ec2."
  }
}

variable "msk" {
  description = "Size of MSK's brokers."
  type = object({
    instance_type   = optional(string, "kafka.m5.large")
    storage_gib     = optional(number, 100)
    storage_max_gib = optional(number, 1000)
  })
  default = {}
}

variable "kafka_ec2" {
  description = "Sizes of Kafka's machines on EC2."
  type = object({
    broker_instance_type         = optional(string, "t3.medium")
    broker_storage_gib           = optional(number, 100)
    controller_instance_type     = optional(string, "t3.small")
    control_center               = optional(bool, true)
    control_center_instance_type = optional(string, "t3.large")
  })
  default = {}
}

variable "postgres" {
  description = "Size of PostgreSQL, its standby and its backups."
  type = object({
    engine_version  = optional(string, "17")
    instance_class  = string
    multi_az        = bool
    backup_days     = number
    storage_gib     = optional(number, 20)
    storage_max_gib = optional(number, 100)
  })
}

variable "mysql" {
  description = "A MySQL for the transactions service, or null."
  type = object({
    engine_version       = optional(string, "8.4")
    instance_class       = string
    multi_az             = bool
    backup_days          = number
    performance_insights = optional(bool, true)
  })
  default = null
}

variable "cache" {
  description = "Size of the cache, its nodes and its snapshots."
  type        = object({ node_type = string, nodes = number, snapshot_days = optional(number, 1) })
}

variable "search" {
  description = "A domain or a Serverless collection, and its size."
  type = object({
    kind                       = string
    instance_type              = optional(string, "t3.small.search")
    data_nodes                 = optional(number, 1)
    master_nodes               = optional(number, 0)
    storage_gib                = optional(number, 20)
    create_service_linked_role = optional(bool, false)
    administrator_role_arn     = optional(string)
    standby_replicas           = optional(bool, false)
  })

  validation {
    condition     = contains(["domain", "serverless"], var.search.kind)
    error_message = "search.kind must be domain or serverless."
  }
}

variable "eks" {
  description = "Version, groups of nodes, who reaches the API server from outside, and how pods get roles (irsa, pod-identity)."
  type = object({
    kubernetes_version  = optional(string, "1.33")
    public_access_cidrs = optional(set(string), [])
    trust               = optional(string, "irsa")
    node_groups = map(object({
      instance_types = list(string)
      spot           = bool
      min            = number
      max            = number
    }))
  })
}

variable "administrator_role_arns" {
  description = "Roles of people who administer the cluster, by a name for each."
  type        = map(string)
  default     = {}
}

variable "ecs" {
  description = "The events API and Kafka Connect on ECS, or null."
  type = object({
    certificate_arn = string
    spot            = optional(bool, false)
    api             = optional(object({ cpu = number, memory_mib = number, min = number, max = number }), { cpu = 512, memory_mib = 1024, min = 2, max = 8 })
    connect         = optional(object({ cpu = number, memory_mib = number, min = number, max = number }), { cpu = 1024, memory_mib = 2048, min = 1, max = 4 })
  })
  default = null
}

variable "commerce" {
  description = "The five functions of commerce, or null: their zip in S3, and how often orders are placed."
  type = object({
    package          = object({ bucket = string, key = string })
    schedule         = optional(string, "rate(1 minute)")
    schedule_enabled = optional(bool, true)
  })
  default = null
}

variable "public" {
  description = "CloudFront before the API, or null: its public name, its certificate in us-east-1, and the load balancer's name."
  type        = object({ domain = string, certificate_arn = string, origin_domain = string })
  default     = null
}

variable "origin_header" {
  description = "What CloudFront sends, and the load balancer asks for: random text. Lies in the state."
  type        = string
  default     = null
  sensitive   = true
}

variable "bastion" {
  description = "Size of the bastion; a key pair and ranges where SSH is asked for."
  type = object({
    instance_type = optional(string, "t3.small")
    key_name      = optional(string)
    ssh_cidrs     = optional(set(string), [])
  })
  default = {}
}

variable "github" {
  description = "Repository (OWNER/NAME) whose workflows work here, and whether the account's OIDC provider is made here."
  type        = object({ repository = string, create_provider = bool })
}

variable "state" {
  description = "Bucket and key of Terraform's state: outputs of bootstrap."
  type        = object({ bucket_arn = string, kms_key_arn = string })
}

variable "budget" {
  description = "Dollars a month, and who is written to."
  type        = object({ limit_usd = number, emails = list(string) })
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
