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
}

# Plans alone: the volumes may not be destroyed, so a test could not clean up.
run "three_controllers_three_brokers_and_a_control_center" {
  command = plan

  assert {
    condition = { for name, instance in aws_instance.this : name => instance.instance_type } == {
      broker-1         = "t3.medium", broker-2 = "t3.medium", broker-3 = "t3.medium"
      controller-1     = "t3.small", controller-2 = "t3.small", controller-3 = "t3.small"
      control-center-1 = "t3.large"
    }
    error_message = "The machines are not what was asked for."
  }

  assert {
    condition     = [for index in range(3) : aws_instance.this["broker-${index + 1}"].subnet_id] == ["subnet-a", "subnet-b", "subnet-c"]
    error_message = "Brokers are in three zones."
  }

  assert {
    condition     = alltrue([for instance in aws_instance.this : !instance.associate_public_ip_address && instance.metadata_options[0].http_tokens == "required" && instance.root_block_device[0].encrypted])
    error_message = "No machine is public, and disks are encrypted."
  }

  assert {
    condition     = alltrue([for volume in aws_ebs_volume.data : volume.encrypted && volume.kms_key_id == var.kms_key_arn]) && aws_ebs_volume.data["broker-1"].size == 100 && length(aws_volume_attachment.data) == 7
    error_message = "Each has an encrypted volume of its own."
  }

  assert {
    condition     = endswith(aws_iam_role_policy_attachment.session_manager.policy_arn, "AmazonSSMManagedInstanceCore") && aws_iam_instance_profile.this.role == aws_iam_role.this.name
    error_message = "They are reached by Session Manager."
  }
}

run "the_inventory" {
  command = plan

  assert {
    condition     = keys(output.inventory.all.children) == ["brokers", "control_center", "controllers"]
    error_message = "The groups are those of the roles."
  }

  assert {
    condition     = [for host in values(output.inventory.all.children.controllers.hosts) : host.kafka_node_id] == [1, 2, 3] && [for host in values(output.inventory.all.children.brokers.hosts) : host.kafka_node_id] == [11, 12, 13]
    error_message = "Node ids are wrong."
  }

  assert {
    condition     = alltrue([for host in values(output.inventory.all.children.controllers.hosts) : can(regex("^[A-Za-z0-9]{21}A$", host.kafka_directory_id))]) && length(distinct([for host in values(output.inventory.all.children.controllers.hosts) : host.kafka_directory_id])) == 3
    error_message = "Directory ids are 22 characters, each another."
  }

  assert {
    condition     = output.bootstrap_servers_scram == "broker-1.millrace-dev.kafka.internal:9096,broker-2.millrace-dev.kafka.internal:9096,broker-3.millrace-dev.kafka.internal:9096"
    error_message = "Clients begin with three brokers, by their names."
  }

  assert {
    condition     = one(aws_route53_zone.this.vpc).vpc_id == var.vpc_id && length(aws_route53_record.this) == 7
    error_message = "Each machine has a name, in the VPC alone."
  }
}

run "without_a_control_center" {
  command = plan

  variables {
    control_center = false
  }

  assert {
    condition     = length(aws_instance.this) == 6 && length(output.inventory.all.children.control_center.hosts) == 0
    error_message = "Six machines are left."
  }
}

run "a_broker_that_cannot_hold_its_heap" {
  command = plan

  variables {
    broker_instance_type = "t2.micro"
  }

  expect_failures = [var.broker_instance_type]
}

run "a_heap_that_leaves_no_page_cache" {
  command = plan

  variables {
    broker_heap_mib = 4096
  }

  expect_failures = [var.broker_instance_type]
}

run "a_heap_that_is_too_small" {
  command = plan

  variables {
    broker_heap_mib = 512
  }

  expect_failures = [var.broker_heap_mib]
}

run "a_controller_that_cannot_hold_its_heap" {
  command = plan

  variables {
    controller_instance_type = "t2.micro"
  }

  expect_failures = [var.controller_instance_type]
}

run "a_control_center_without_memory" {
  command = plan

  variables {
    control_center_instance_type = "t3.small"
  }

  expect_failures = [var.control_center_instance_type]
}

run "two_zones" {
  command = plan

  variables {
    subnet_ids = ["subnet-a", "subnet-b"]
  }

  expect_failures = [var.subnet_ids]
}
