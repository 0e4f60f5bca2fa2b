variable "name" {
  description = "Prefix of every name, such as millrace-dev."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the secrets. MSK refuses the account's default key."
  type        = string
}

variable "scram_users" {
  description = "Users of Kafka that log in by SCRAM-SHA-512: one secret each, with username and password."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for user in var.scram_users : can(regex("^[a-z][a-z0-9_-]*$", user))])
    error_message = "scram_users must be lower-case names such as order_generator."
  }
}

variable "external_secrets" {
  description = "Secrets that are filled by hand, by name, with what each is: { openai = \"Key of the embeddings API\" }."
  type        = map(string)
  default     = {}
}

variable "password_seed" {
  description = "Random text, another one each time: TF_VAR_password_seed=$(openssl rand -hex 32). Passwords are derived from it when a user is made or passwords_version rises. Never stored."
  type        = string
  ephemeral   = true
  sensitive   = true

  validation {
    condition     = length(var.password_seed) >= 32
    error_message = "password_seed must have at least 32 characters: TF_VAR_password_seed=$(openssl rand -hex 32)."
  }
}

variable "passwords_version" {
  description = "Raise it to write new passwords."
  type        = number
  default     = 1
}

variable "recovery_window_days" {
  description = "Days for which a deleted secret can be restored; 0 deletes at once, so that its name is free."
  type        = number
  default     = 30

  validation {
    condition     = var.recovery_window_days == 0 || (var.recovery_window_days >= 7 && var.recovery_window_days <= 30)
    error_message = "recovery_window_days must be 0, or from 7 to 30, the limits of Secrets Manager."
  }
}
