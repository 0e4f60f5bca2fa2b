variable "name" {
  description = "Prefix of every name, such as millrace-dev."
  type        = string
}

variable "namespace" {
  description = "Namespace of the release."
  type        = string
  default     = "millrace"
}

variable "services" {
  description = "What is reached by IAM: kafka-cluster (MSK), rds-db, es (a domain), aoss (Serverless), elasticache, secretsmanager (the embeddings key)."
  type        = set(string)

  validation {
    condition     = length(setsubtract(var.services, ["kafka-cluster", "rds-db", "es", "aoss", "elasticache", "secretsmanager"])) == 0
    error_message = "services may hold kafka-cluster, rds-db, es, aoss, elasticache and secretsmanager."
  }

  validation {
    condition     = !(contains(var.services, "es") && contains(var.services, "aoss"))
    error_message = "services may hold es (a domain) or aoss (Serverless), not both: the pipeline writes to one index."
  }
}

variable "trust" {
  description = "irsa (a web identity token of the cluster's OIDC provider) or pod-identity (EKS Pod Identity)."
  type        = string
  default     = "irsa"

  validation {
    condition     = contains(["irsa", "pod-identity"], var.trust)
    error_message = "trust must be irsa or pod-identity."
  }
}

variable "eks_cluster_name" {
  description = "Cluster of the pods; needed with pod-identity."
  type        = string
  default     = null

  validation {
    condition     = var.trust != "pod-identity" || var.eks_cluster_name != null
    error_message = "eks_cluster_name is missing: pod-identity associates roles with a cluster's service accounts."
  }
}

variable "oidc_provider_arn" {
  description = "OIDC provider of the cluster; needed with irsa."
  type        = string
  default     = null

  validation {
    condition     = var.trust != "irsa" || var.oidc_provider_arn != null
    error_message = "oidc_provider_arn is missing: irsa trusts the tokens of a cluster's provider."
  }
}

variable "oidc_issuer" {
  description = "Its issuer without https://, such as oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF."
  type        = string
  default     = ""

  validation {
    condition     = !startswith(var.oidc_issuer, "https://")
    error_message = "oidc_issuer must be without https://: conditions of trust policies are written so."
  }
}

variable "kafka_cluster_name" {
  description = "Name of the MSK cluster."
  type        = string
  default     = null
}

variable "database_resource_id" {
  description = "resource_id of modules/rds."
  type        = string
  default     = null
}

variable "search_domain_name" {
  description = "Name of the OpenSearch domain."
  type        = string
  default     = null
}

variable "search_collection_id" {
  description = "Id of the Serverless collection."
  type        = string
  default     = null
}

variable "cache_name" {
  description = "cache_name of modules/elasticache."
  type        = string
  default     = null
}

variable "openai_secret_arn" {
  description = "Secret of the embeddings key."
  type        = string
  default     = null
}

variable "secrets_kms_key_arn" {
  description = "Key of that secret."
  type        = string
  default     = null
}
