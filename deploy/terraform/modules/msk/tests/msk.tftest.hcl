mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

variables {
  name              = "millrace-prod"
  subnet_ids        = ["subnet-a", "subnet-b", "subnet-c"]
  security_group_id = "sg-0123456789abcdef0"
  kms_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/data"
  logs_kms_key_arn  = "arn:aws:kms:eu-central-1:123456789012:key/logs"
}

# Plans alone: the cluster may not be destroyed, so a test could not clean up.
run "three_brokers" {
  command = plan

  assert {
    condition     = aws_msk_cluster.this.number_of_broker_nodes == 3 && aws_msk_cluster.this.broker_node_group_info[0].instance_type == "kafka.m5.large" && length(aws_msk_cluster.this.broker_node_group_info[0].client_subnets) == 3
    error_message = "Three kafka.m5.large in three zones."
  }

  assert {
    condition     = aws_msk_cluster.this.broker_node_group_info[0].connectivity_info[0].public_access[0].type == "DISABLED"
    error_message = "Brokers are not public."
  }

  assert {
    condition     = aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].client_broker == "TLS" && aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].in_cluster && aws_msk_cluster.this.encryption_info[0].encryption_at_rest_kms_key_arn == var.kms_key_arn
    error_message = "Everything is encrypted, under way and at rest."
  }

  assert {
    condition     = aws_msk_cluster.this.client_authentication[0].sasl[0].iam && aws_msk_cluster.this.client_authentication[0].sasl[0].scram && !aws_msk_cluster.this.client_authentication[0].unauthenticated
    error_message = "Clients log in by IAM or SCRAM, and none without."
  }

  assert {
    condition     = strcontains(aws_msk_configuration.this.server_properties, "auto.create.topics.enable=false") && strcontains(aws_msk_configuration.this.server_properties, "min.insync.replicas=2") && strcontains(aws_msk_configuration.this.server_properties, "allow.everyone.if.no.acl.found=false")
    error_message = "The brokers' configuration must lose no record and let in no stranger."
  }

  assert {
    condition     = aws_msk_cluster.this.logging_info[0].broker_logs[0].cloudwatch_logs[0].log_group == aws_cloudwatch_log_group.broker.name && aws_cloudwatch_log_group.broker.kms_key_id == var.logs_kms_key_arn
    error_message = "Broker logs are kept, encrypted."
  }
}

run "storage_grows" {
  command = plan

  assert {
    condition     = aws_appautoscaling_target.storage.max_capacity == 1000 && aws_appautoscaling_target.storage.resource_id == aws_msk_cluster.this.arn
    error_message = "Storage grows to 1,000 GiB."
  }

  assert {
    condition     = one(aws_appautoscaling_policy.storage.target_tracking_scaling_policy_configuration).disable_scale_in && one(aws_appautoscaling_policy.storage.target_tracking_scaling_policy_configuration).target_value == 60
    error_message = "Volumes never shrink."
  }
}

run "users_by_scram" {
  command = plan

  variables {
    scram_secret_arns = ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_a-AbCdEf"]
  }

  assert {
    condition     = aws_msk_scram_secret_association.this[0].secret_arn_list == toset(var.scram_secret_arns)
    error_message = "The users' secrets belong to the cluster."
  }
}

run "no_users_by_scram" {
  command = plan

  assert {
    condition     = length(aws_msk_scram_secret_association.this) == 0
    error_message = "Without users there is no association."
  }
}

run "four_brokers" {
  command = plan

  variables {
    brokers = 4
  }

  expect_failures = [var.brokers]
}

run "an_instance_type_that_does_not_exist" {
  command = plan

  variables {
    instance_type = "kafka.m5.tiny"
  }

  expect_failures = [var.instance_type]
}

run "storage_that_shrinks" {
  command = plan

  variables {
    storage_max_gib = 50
  }

  expect_failures = [var.storage_max_gib]
}

run "a_version_before_kraft" {
  command = plan

  variables {
    kafka_version = "2.8.1"
  }

  expect_failures = [var.kafka_version]
}

run "two_zones" {
  command = plan

  variables {
    subnet_ids = ["subnet-a", "subnet-b"]
  }

  expect_failures = [var.subnet_ids]
}
