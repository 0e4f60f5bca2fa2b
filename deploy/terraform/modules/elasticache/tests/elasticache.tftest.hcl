mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

variables {
  name              = "millrace-dev"
  node_type         = "cache.t4g.small"
  subnet_ids        = ["subnet-a", "subnet-b", "subnet-c"]
  security_group_id = "sg-0123456789abcdef0"
  kms_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/data"
  logs_kms_key_arn  = "arn:aws:kms:eu-central-1:123456789012:key/logs"
}

# Plans alone: the group may not be destroyed, so a test could not clean up.
run "users_by_iam" {
  command = plan

  assert {
    condition     = tobool(aws_elasticache_replication_group.this.transit_encryption_enabled) && tobool(aws_elasticache_replication_group.this.at_rest_encryption_enabled) && aws_elasticache_replication_group.this.kms_key_id == var.kms_key_arn
    error_message = "Everything is encrypted, under way and at rest."
  }

  assert {
    condition     = aws_elasticache_replication_group.this.auth_token == null && aws_elasticache_replication_group.this.user_group_ids == toset([aws_elasticache_user_group.this[0].user_group_id])
    error_message = "Users log in by IAM and there is no token."
  }

  assert {
    condition     = aws_elasticache_user.iam["millrace"].user_id == aws_elasticache_user.iam["millrace"].user_name && aws_elasticache_user.iam["millrace"].authentication_mode[0].type == "iam"
    error_message = "An IAM user's id must be its name."
  }

  assert {
    condition     = aws_elasticache_user.default[0].access_string == "off -@all"
    error_message = "The default user can do nothing."
  }

  assert {
    condition     = aws_elasticache_replication_group.this.automatic_failover_enabled && aws_elasticache_replication_group.this.multi_az_enabled && aws_elasticache_replication_group.this.num_cache_clusters == 2
    error_message = "Two nodes fail over, across zones."
  }

  assert {
    condition     = one(aws_elasticache_parameter_group.this.parameter).value == "noeviction" && aws_elasticache_replication_group.this.parameter_group_name == aws_elasticache_parameter_group.this.name
    error_message = "A full cache refuses writes."
  }

  assert {
    condition     = aws_elasticache_subnet_group.this.subnet_ids == toset(var.subnet_ids) && aws_cloudwatch_log_group.slow.kms_key_id == var.logs_kms_key_arn
    error_message = "It is in the subnets that were given, and its log is encrypted."
  }
}

run "one_node_for_dev" {
  command = plan

  variables {
    nodes = 1
  }

  assert {
    condition     = !aws_elasticache_replication_group.this.automatic_failover_enabled && !aws_elasticache_replication_group.this.multi_az_enabled
    error_message = "One node can't fail over."
  }
}

run "by_token" {
  command = plan

  variables {
    authentication = "token"
    auth_token     = "0123456789abcdef"
  }

  assert {
    condition     = aws_elasticache_replication_group.this.auth_token == var.auth_token && length(aws_elasticache_user_group.this) == 0 && length(aws_elasticache_user.iam) == 0
    error_message = "With a token there are no IAM users."
  }
}

run "a_token_that_is_missing" {
  command = plan

  variables {
    authentication = "token"
  }

  expect_failures = [aws_elasticache_replication_group.this]
}

run "a_token_that_is_too_short" {
  command = plan

  variables {
    authentication = "token"
    auth_token     = "secret"
  }

  expect_failures = [var.auth_token]
}

run "no_login" {
  command = plan

  variables {
    authentication = "none"
  }

  expect_failures = [var.authentication]
}

run "a_node_type_that_does_not_exist" {
  command = plan

  variables {
    node_type = "cache.t4g.tiny"
  }

  expect_failures = [var.node_type]
}

run "too_many_nodes" {
  command = plan

  variables {
    nodes = 7
  }

  expect_failures = [var.nodes]
}
