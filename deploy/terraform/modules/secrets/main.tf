# Secrets whose values Terraform never stores: a password is derived from a seed that neither plan nor state keeps, and
# written (write-only); an outside key is put in by hand, once: `aws secretsmanager put-secret-value`.

locals {
  # MSK takes SCRAM users only from secrets that are named so and have a key of their own.
  scram_names = { for user in var.scram_users : user => "AmazonMSK_${var.name}_${user}" }
}

resource "aws_secretsmanager_secret" "scram" {
  #checkov:skip=CKV2_AWS_57:Kafka's users change by put-secret-value and a restart of their clients: docs/estate.md
  for_each = local.scram_names

  name                    = each.value
  description             = "SCRAM user ${each.key} of Kafka"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_window_days
}

resource "aws_secretsmanager_secret_version" "scram" {
  for_each = local.scram_names

  secret_id                = aws_secretsmanager_secret.scram[each.key].id
  secret_string_wo         = jsonencode({ username = each.key, password = sha256("${var.password_seed} ${each.key}") })
  secret_string_wo_version = var.passwords_version
}

# MSK reads the users' passwords itself.
resource "aws_secretsmanager_secret_policy" "scram" {
  for_each = local.scram_names

  secret_arn = aws_secretsmanager_secret.scram[each.key].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Msk"
      Effect    = "Allow"
      Principal = { Service = "kafka.amazonaws.com" }
      Action    = "secretsmanager:GetSecretValue"
      Resource  = aws_secretsmanager_secret.scram[each.key].arn
    }]
  })
}

resource "aws_secretsmanager_secret" "external" {
  #checkov:skip=CKV2_AWS_57:keys of services outside of AWS, which no rotation function can renew
  for_each = var.external_secrets

  name                    = "${var.name}/${each.key}"
  description             = each.value
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_window_days
}
