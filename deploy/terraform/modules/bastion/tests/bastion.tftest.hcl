mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name              = "millrace-dev"
  eks_cluster_arn   = "arn:aws:eks:eu-central-1:123456789012:cluster/millrace-dev"
  subnet_id         = "subnet-a"
  security_group_id = "sg-0123456789abcdef0"
  kms_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/data"
}

run "session_manager_first" {
  assert {
    condition     = !aws_instance.this.associate_public_ip_address && output.public_ip == null
    error_message = "By default the bastion has no public address."
  }

  assert {
    condition     = endswith(aws_iam_role_policy_attachment.session_manager.policy_arn, "AmazonSSMManagedInstanceCore") && aws_iam_instance_profile.this.role == aws_iam_role.this.name
    error_message = "It is reached by Session Manager."
  }

  assert {
    condition     = aws_instance.this.metadata_options[0].http_tokens == "required" && aws_instance.this.root_block_device[0].encrypted && aws_instance.this.root_block_device[0].kms_key_id == var.kms_key_arn
    error_message = "IMDSv2 alone, and an encrypted disk."
  }

  assert {
    condition     = alltrue([for tool in ["aws-cli", "kubectl", "mysql-client", "postgresql-client"] : strcontains(aws_instance.this.user_data, tool)])
    error_message = "A client is missing."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.cluster.policy).Statement[0].Resource == [var.eks_cluster_arn]
    error_message = "It may describe its cluster and no other."
  }
}

run "ssh" {
  variables {
    public   = true
    key_name = "office"
  }

  assert {
    condition     = aws_instance.this.associate_public_ip_address && aws_instance.this.key_name == "office"
    error_message = "With a key it has a public address."
  }
}

run "public_without_a_key" {
  command = plan

  variables {
    public = true
  }

  expect_failures = [var.public]
}

run "an_instance_type_that_does_not_exist" {
  command = plan

  variables {
    instance_type = "t3.tiny"
  }

  expect_failures = [var.instance_type]
}
