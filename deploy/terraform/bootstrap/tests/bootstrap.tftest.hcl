mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  region = "eu-central-1"
}

# Plans alone: key and buckets may not be destroyed, so a test could not clean up.
run "two_buckets" {
  command = plan

  assert {
    condition     = { for name, bucket in aws_s3_bucket.this : name => bucket.bucket } == { state = "millrace-state-123456789012", artifacts = "millrace-artifacts-123456789012" }
    error_message = "Names hold the account, as they are the world's."
  }

  assert {
    condition     = alltrue([for versioning in aws_s3_bucket_versioning.this : versioning.versioning_configuration[0].status == "Enabled"])
    error_message = "Old versions are kept."
  }

  assert {
    condition     = alltrue([for encryption in aws_s3_bucket_server_side_encryption_configuration.this : one(encryption.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == aws_kms_key.this.arn]) && aws_kms_key.this.enable_key_rotation
    error_message = "Both are encrypted by our key, which rotates."
  }

  assert {
    condition     = alltrue([for block in aws_s3_bucket_public_access_block.this : block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "Nothing is public."
  }

  assert {
    condition     = alltrue([for controls in aws_s3_bucket_ownership_controls.this : controls.rule[0].object_ownership == "BucketOwnerEnforced"])
    error_message = "There are no ACLs."
  }

  assert {
    condition     = alltrue([for policy in aws_s3_bucket_policy.this : jsondecode(policy.policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false" && jsondecode(policy.policy).Statement[0].Effect == "Deny"])
    error_message = "TLS only."
  }

  assert {
    condition     = alltrue([for configuration in aws_s3_bucket_lifecycle_configuration.this : configuration.rule[0].noncurrent_version_expiration[0].noncurrent_days == 90])
    error_message = "Old versions go after 90 days."
  }

  assert {
    condition     = aws_kms_alias.this.name == "alias/millrace-bootstrap" && length(aws_dynamodb_table.lock) == 0
    error_message = "Without being asked for there is no table."
  }
}

run "a_table_for_those_who_ask" {
  command = plan

  variables {
    lock_table = true
  }

  assert {
    condition     = aws_dynamodb_table.lock[0].hash_key == "LockID" && aws_dynamodb_table.lock[0].server_side_encryption[0].enabled && aws_dynamodb_table.lock[0].point_in_time_recovery[0].enabled
    error_message = "The table has Terraform's key, and is encrypted."
  }
}

run "a_region_that_is_none" {
  command = plan

  variables {
    region = "frankfurt"
  }

  expect_failures = [var.region]
}

run "a_state_without_a_past" {
  command = plan

  variables {
    old_versions_days = 1
  }

  expect_failures = [var.old_versions_days]
}

run "a_project_with_capitals" {
  command = plan

  variables {
    project = "Millrace"
  }

  expect_failures = [var.project]
}
