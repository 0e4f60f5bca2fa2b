mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name             = "millrace-dev"
  logs_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/logs"
}

run "three_zones_of_three_subnets" {
  assert {
    condition     = output.zones == tolist(["eu-central-1a", "eu-central-1b", "eu-central-1c"])
    error_message = "The zones are ${join(", ", output.zones)}."
  }

  assert {
    condition     = [for subnet in values(aws_subnet.public) : subnet.cidr_block] == ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]
    error_message = "The public subnets are wrong."
  }

  assert {
    condition     = [for subnet in values(aws_subnet.private) : subnet.cidr_block] == ["10.0.16.0/20", "10.0.32.0/20", "10.0.48.0/20"]
    error_message = "The private subnets are wrong."
  }

  assert {
    condition     = [for subnet in values(aws_subnet.database) : subnet.cidr_block] == ["10.0.10.0/24", "10.0.11.0/24", "10.0.12.0/24"]
    error_message = "The database subnets are wrong."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "Nothing gets a public address by being started in a public subnet."
  }

  assert {
    condition     = aws_vpc.this.enable_dns_hostnames && aws_vpc.this.enable_dns_support
    error_message = "Private DNS of the endpoints needs both."
  }
}

run "what_is_public" {
  assert {
    condition     = aws_route.internet.route_table_id == aws_route_table.public.id && aws_route.internet.gateway_id == aws_internet_gateway.this.id
    error_message = "Only the public table leads to the Internet gateway."
  }

  assert {
    condition     = length(aws_route_table_association.public) == 3 && length(aws_route_table_association.private) == 3 && length(aws_route_table_association.database) == 3
    error_message = "Every subnet has its table."
  }

  assert {
    condition     = alltrue([for association in aws_route_table_association.database : association.route_table_id == aws_route_table.database.id])
    error_message = "Databases use the table without a way out."
  }

  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_default_security_group.this.egress) == 0
    error_message = "The default security group allows nothing."
  }
}

run "a_nat_gateway_in_each_zone" {
  assert {
    condition     = length(aws_nat_gateway.this) == 3 && length(aws_eip.nat) == 3 && length(aws_route.nat) == 3
    error_message = "per_az must make three NAT gateways."
  }

  assert {
    condition     = alltrue([for zone, route in aws_route.nat : route.nat_gateway_id == aws_nat_gateway.this[zone].id && route.route_table_id == aws_route_table.private[zone].id])
    error_message = "A zone's traffic must stay in its zone."
  }
}

run "one_nat_gateway" {
  variables {
    nat = "single"
  }

  assert {
    condition     = keys(aws_nat_gateway.this) == ["eu-central-1a"] && length(aws_route.nat) == 3
    error_message = "single must make one NAT gateway that all zones use."
  }
}

run "no_nat_gateway" {
  variables {
    nat = "none"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_eip.nat) == 0 && length(aws_route.nat) == 0
    error_message = "none must make no NAT gateway and no route."
  }
}

run "endpoints" {
  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && length(aws_vpc_endpoint.s3.route_table_ids) > 0
    error_message = "S3 is reached by a gateway."
  }

  assert {
    condition     = toset(keys(aws_vpc_endpoint.interface)) == toset(["ecr.api", "ecr.dkr", "sts", "secretsmanager", "bedrock-runtime"])
    error_message = "The interface endpoints are ${join(", ", keys(aws_vpc_endpoint.interface))}."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled && endpoint.security_group_ids == toset([aws_security_group.endpoints.id])])
    error_message = "Endpoints answer under the services' own names, behind their security group."
  }
}

run "flow_logs" {
  assert {
    condition     = aws_flow_log.this.traffic_type == "REJECT" && aws_flow_log.this.iam_role_arn == aws_iam_role.flow.arn
    error_message = "Refused packets are logged by the role."
  }

  assert {
    condition     = aws_cloudwatch_log_group.flow.kms_key_id == var.logs_kms_key_arn && aws_cloudwatch_log_group.flow.retention_in_days == 365
    error_message = "Flow logs are encrypted and kept for a year."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.flow.policy).Statement[0].Resource == "${aws_cloudwatch_log_group.flow.arn}:*"
    error_message = "The role writes to this log group and no other."
  }
}

run "a_network_of_the_wrong_size" {
  command = plan

  variables {
    cidr = "10.0.0.0/24"
  }

  expect_failures = [var.cidr]
}

run "a_mistyped_nat" {
  command = plan

  variables {
    nat = "one"
  }

  expect_failures = [var.nat]
}

run "s3_needs_no_interface" {
  command = plan

  variables {
    interface_endpoints = ["s3"]
  }

  expect_failures = [var.interface_endpoints]
}
