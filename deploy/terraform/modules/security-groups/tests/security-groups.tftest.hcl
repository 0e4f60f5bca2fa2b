mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name                        = "millrace-dev"
  vpc_id                      = "vpc-0123456789abcdef0"
  endpoints_security_group_id = "sg-0123456789abcdef0"
}

run "the_internet_reaches_the_load_balancer_alone" {
  assert {
    condition = alltrue([
      for rule in aws_vpc_security_group_ingress_rule.internet : rule.security_group_id == aws_security_group.this["alb"].id && contains([80, 443], rule.from_port) && rule.from_port == rule.to_port
    ])
    error_message = "Only the load balancer may be open to the Internet, and only on 80 and 443."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.flow : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null])
    error_message = "Flows go by reference, not by address."
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.ssh) == 0
    error_message = "SSH is closed unless ranges are given."
  }
}

run "each_flow_has_both_ends" {
  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.flow) == keys(aws_vpc_security_group_egress_rule.flow)
    error_message = "A flow needs an egress rule and an ingress rule."
  }

  assert {
    condition = toset([for name, flow in output.flows : "${flow.from} ${flow.port}" if flow.to == "database"]) == toset([
      "nodes 5432", "tasks 5432", "bastion 5432",
    ])
    error_message = "Databases are reached by nodes, tasks and the bastion."
  }

  assert {
    condition     = toset([for name, flow in output.flows : "${flow.from} ${flow.port}" if flow.to == "cache"]) == toset(["nodes 6379", "tasks 6379"])
    error_message = "Caches are reached by nodes and tasks."
  }

  assert {
    condition = toset([for name, flow in output.flows : "${flow.from} ${flow.port}" if flow.to == "msk"]) == toset([
      "nodes 9098", "nodes 9096", "nodes 11001", "nodes 11002", "tasks 9098", "tasks 9096", "functions 9096",
    ])
    error_message = "MSK is reached by IAM and SCRAM, by functions with SCRAM alone, and its metrics from nodes."
  }

  assert {
    condition = toset([for name, flow in output.flows : "${flow.from} ${flow.port}" if flow.to == "nodes"]) == toset([
      "alb 8080", "control-plane 443", "control-plane 10250", "control-plane 9443",
    ])
    error_message = "Nodes are reached by the load balancer on 8080 and by the control plane."
  }
}

run "out_to_the_internet" {
  assert {
    condition     = toset(keys(aws_vpc_security_group_egress_rule.internet)) == toset(["nodes", "tasks", "kafka", "bastion"])
    error_message = "Data stores and functions have no way to the Internet."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_egress_rule.internet : rule.from_port == 443 && rule.to_port == 443])
    error_message = "Only HTTPS leaves."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.s3.prefix_list_id == "pl-0123456789abcdef0" && aws_vpc_security_group_egress_rule.s3.from_port == 443
    error_message = "Functions reach S3 by its prefix list."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.nodes.referenced_security_group_id == aws_vpc_security_group_egress_rule.nodes.security_group_id
    error_message = "Nodes reach each other."
  }
}

run "mysql_too" {
  variables {
    database_ports    = [5432, 3306]
    bastion_ssh_cidrs = ["203.0.113.0/24"]
  }

  assert {
    condition     = contains(keys(aws_vpc_security_group_ingress_rule.flow), "bastion to database (3306)")
    error_message = "The bastion reaches MySQL."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.ssh["203.0.113.0/24"].from_port == 22
    error_message = "SSH is open to the range that was given."
  }
}

run "ssh_from_everywhere" {
  command = plan

  variables {
    bastion_ssh_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.bastion_ssh_cidrs]
}

run "a_port_of_no_database" {
  command = plan

  variables {
    database_ports = [1433]
  }

  expect_failures = [var.database_ports]
}
