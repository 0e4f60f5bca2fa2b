variable "name" {
  description = "First part of the repositories' names, such as millrace."
  type        = string
}

variable "repositories" {
  description = "Images and the chart, by name, as the release workflow pushes them."
  type        = set(string)
  default     = ["millrace/ingest", "millrace/embed", "millrace/sink", "millrace/api", "millrace/cli", "charts/millrace"]

  validation {
    condition     = alltrue([for repository in var.repositories : can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", repository))])
    error_message = "repositories must be lower-case names such as api or charts/millrace."
  }
}

variable "keep_images" {
  description = "Images that are kept in each; a signature counts as one. More than a rollback may need."
  type        = number
  default     = 10

  validation {
    condition     = var.keep_images >= 3
    error_message = "keep_images must be at least 3: a rollback needs the images before."
  }
}

variable "kms_key_arn" {
  description = "Key of the images."
  type        = string
}

variable "force_delete" {
  description = "Let a destroy delete repositories that hold images."
  type        = bool
  default     = false
}
