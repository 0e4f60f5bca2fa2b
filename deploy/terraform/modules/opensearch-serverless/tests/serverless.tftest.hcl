mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

variables {
  name              = "millrace-dev"
  vpc_id            = "vpc-0123456789abcdef0"
  subnet_ids        = ["subnet-a", "subnet-b", "subnet-c"]
  security_group_id = "sg-0123456789abcdef0"
  kms_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/data"

  data_access = {
    sink = { role_arn = "arn:aws:iam::123456789012:role/millrace-dev-sink", writes = true }
    api  = { role_arn = "arn:aws:iam::123456789012:role/millrace-dev-api", writes = false }
  }
}

# Plans alone: the collection may not be destroyed, so a test could not clean up.
run "a_vector_collection" {
  command = plan

  assert {
    condition     = aws_opensearchserverless_collection.this.type == "VECTORSEARCH" && aws_opensearchserverless_collection.this.standby_replicas == "ENABLED"
    error_message = "Vectors, with a standby."
  }

  assert {
    condition     = jsondecode(aws_opensearchserverless_security_policy.encryption.policy).KmsARN == var.kms_key_arn
    error_message = "It is encrypted by our key."
  }

  assert {
    condition     = !jsondecode(aws_opensearchserverless_security_policy.network.policy)[0].AllowFromPublic && jsondecode(aws_opensearchserverless_security_policy.network.policy)[0].SourceVPCEs == [aws_opensearchserverless_vpc_endpoint.this.id]
    error_message = "It is reached from the VPC alone."
  }

  assert {
    condition     = { for name, policy in aws_opensearchserverless_access_policy.this : name => contains(jsondecode(policy.policy)[0].Rules[0].Permission, "aoss:WriteDocument") } == { api = false, sink = true }
    error_message = "Only the sink writes."
  }
}

run "a_role_with_a_long_name" {
  command = plan

  variables {
    data_access = { administrator = { role_arn = "arn:aws:iam::123456789012:role/x", writes = true } }
  }

  expect_failures = [var.data_access]
}

run "a_name_too_long" {
  command = plan

  variables {
    name = "a-collection-with-a-long-name"
  }

  expect_failures = [var.name]
}
