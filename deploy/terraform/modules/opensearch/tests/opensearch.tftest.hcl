mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

variables {
  name                   = "millrace-prod"
  instance_type          = "r7g.large.search"
  administrator_role_arn = "arn:aws:iam::123456789012:role/search-administrator"
  client_role_arns       = ["arn:aws:iam::123456789012:role/millrace-prod-sink"]
  subnet_ids             = ["subnet-a", "subnet-b", "subnet-c"]
  security_group_id      = "sg-0123456789abcdef0"
  kms_key_arn            = "arn:aws:kms:eu-central-1:123456789012:key/data"
  logs_kms_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/logs"
}

# Plans alone: the domain may not be destroyed, so a test could not clean up.
run "three_zones" {
  command = plan

  assert {
    condition     = aws_opensearch_domain.this.cluster_config[0].instance_count == 3 && aws_opensearch_domain.this.cluster_config[0].zone_awareness_config[0].availability_zone_count == 3 && aws_opensearch_domain.this.cluster_config[0].dedicated_master_count == 3
    error_message = "Three data nodes and three masters in three zones."
  }

  assert {
    condition     = aws_opensearch_domain.this.vpc_options[0].security_group_ids == toset([var.security_group_id]) && length(aws_opensearch_domain.this.vpc_options[0].subnet_ids) == 3
    error_message = "The domain is in the VPC, in three subnets."
  }

  assert {
    condition     = aws_opensearch_domain.this.encrypt_at_rest[0].enabled && aws_opensearch_domain.this.encrypt_at_rest[0].kms_key_id == var.kms_key_arn && aws_opensearch_domain.this.node_to_node_encryption[0].enabled && aws_opensearch_domain.this.domain_endpoint_options[0].enforce_https
    error_message = "Everything is encrypted, under way and at rest."
  }

  assert {
    condition     = aws_opensearch_domain.this.advanced_security_options[0].enabled && !aws_opensearch_domain.this.advanced_security_options[0].internal_user_database_enabled && aws_opensearch_domain.this.advanced_security_options[0].master_user_options[0].master_user_arn == var.administrator_role_arn
    error_message = "Fine-grained access is administered by a role, without passwords."
  }

  assert {
    condition     = toset(jsondecode(aws_opensearch_domain.this.access_policies).Statement[0].Principal.AWS) == toset(concat([var.administrator_role_arn], var.client_role_arns))
    error_message = "Only named roles may send requests."
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_log_group.this)) == toset(["INDEX_SLOW_LOGS", "SEARCH_SLOW_LOGS", "ES_APPLICATION_LOGS", "AUDIT_LOGS"]) && alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == var.logs_kms_key_arn])
    error_message = "All four logs are kept, encrypted."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_log_resource_policy.this.policy_document).Statement[0].Principal.Service == "es.amazonaws.com"
    error_message = "The service may write the logs."
  }

  assert {
    condition     = length(aws_iam_service_linked_role.this) == 0
    error_message = "The account's role is made only where it is asked for."
  }
}

run "one_node_for_dev" {
  command = plan

  variables {
    instance_type              = "t3.small.search"
    data_nodes                 = 1
    master_nodes               = 0
    storage_gib                = 10
    create_service_linked_role = true
  }

  assert {
    condition     = !aws_opensearch_domain.this.cluster_config[0].zone_awareness_enabled && length(aws_opensearch_domain.this.vpc_options[0].subnet_ids) == 1 && !aws_opensearch_domain.this.cluster_config[0].dedicated_master_enabled
    error_message = "One node is in one zone."
  }

  assert {
    condition     = aws_iam_service_linked_role.this[0].aws_service_name == "opensearchservice.amazonaws.com"
    error_message = "The account's role is made."
  }
}

run "a_type_without_memory_for_graphs" {
  command = plan

  variables {
    instance_type = "t2.micro.search"
  }

  expect_failures = [var.instance_type]
}

run "two_masters" {
  command = plan

  variables {
    master_nodes = 2
  }

  expect_failures = [var.master_nodes]
}

run "four_data_nodes" {
  command = plan

  variables {
    data_nodes = 4
  }

  expect_failures = [var.data_nodes]
}

run "an_administrator_that_is_no_role" {
  command = plan

  variables {
    administrator_role_arn = "admin"
  }

  expect_failures = [var.administrator_role_arn]
}

run "an_engine_before_filtered_vectors" {
  command = plan

  variables {
    engine_version = "OpenSearch_2.5"
  }

  expect_failures = [var.engine_version]
}

run "a_name_too_long" {
  command = plan

  variables {
    name = "a-domain-with-a-name-that-is-too-long"
  }

  expect_failures = [var.name]
}
