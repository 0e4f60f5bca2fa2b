mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

mock_provider "aws" {
  alias           = "us_east_1"
  source          = "../../mocks"
  override_during = plan
}

variables {
  name          = "millrace-dev"
  environment   = "dev"
  tags          = { Environment = "dev", Project = "millrace", CostCenter = "streaming" }
  network       = { nat = "none" }
  kafka         = "msk"
  postgres      = { instance_class = "db.t4g.micro", multi_az = false, backup_days = 1 }
  cache         = { node_type = "cache.t4g.micro", nodes = 1 }
  search        = { kind = "serverless" }
  eks           = { trust = "pod-identity", node_groups = { base = { instance_types = ["t3.small"], spot = false, min = 1, max = 2 } } }
  github        = { repository = "example/millrace", create_provider = false }
  state         = { bucket_arn = "arn:aws:s3:::state", kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/state" }
  budget        = { limit_usd = 100, emails = ["team@example.com"] }
  password_seed = "0123456789abcdef0123456789abcdef"
}

# What no environment has: Serverless, Pod Identity, MySQL, no NAT gateway. Plans alone, as the environments' tests.
run "the_other_choices" {
  command = plan

  variables {
    mysql = { instance_class = "db.t4g.medium", multi_az = false, backup_days = 1 }
  }

  assert {
    condition     = output.helm_values.global.environment.OPENSEARCH_AWS_SERVICE == "aoss" && output.helm_values.global.environment.OPENSEARCH_ENDPOINT == "https://abcdefghijklmnopqrst.eu-central-1.aoss.amazonaws.com"
    error_message = "The processes reach the Serverless collection."
  }

  assert {
    condition     = strcontains(output.policies["sink"], "collection/abcdefghijklmnopqrst") && !strcontains(output.policies["sink"], "es:ESHttp")
    error_message = "The sink may use the collection and no domain."
  }

  assert {
    condition     = jsondecode(output.trust_policies["sink"]).Statement[0].Principal.Service == "pods.eks.amazonaws.com"
    error_message = "Roles trust EKS Pod Identity."
  }

  assert {
    condition     = contains([for flow in values(output.flows) : flow.port], 3306) && length(output.nat_addresses) == 0
    error_message = "MySQL's port is open to its clients, and there is no NAT gateway."
  }
}

run "a_kafka_that_is_none" {
  command = plan

  variables {
    kafka = "kinesis"
  }

  expect_failures = [var.kafka]
}

run "a_search_that_is_none" {
  command = plan

  variables {
    search = { kind = "none" }
  }

  expect_failures = [var.search]
}
