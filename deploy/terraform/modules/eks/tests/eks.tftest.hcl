mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name                            = "millrace-dev"
  administrator_role_arns         = { people = "arn:aws:iam::123456789012:role/administrator" }
  subnet_ids                      = ["subnet-a", "subnet-b", "subnet-c"]
  control_plane_security_group_id = "sg-0123456789abcdef0"
  node_security_group_id          = "sg-0123456789abcdef1"
  kms_key_arn                     = "arn:aws:kms:eu-central-1:123456789012:key/data"
  logs_kms_key_arn                = "arn:aws:kms:eu-central-1:123456789012:key/logs"

  node_groups = {
    base  = { instance_types = ["t3.small"], spot = false, min = 1, max = 2 }
    burst = { instance_types = ["t3.small", "t3a.small"], spot = true, min = 1, max = 4 }
  }
}

run "a_private_cluster" {
  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "The API server is private unless ranges are given."
  }

  assert {
    condition     = aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == var.kms_key_arn && aws_eks_cluster.this.encryption_config[0].resources == toset(["secrets"])
    error_message = "Secrets are encrypted by our key."
  }

  assert {
    condition     = length(aws_eks_cluster.this.enabled_cluster_log_types) == 5 && aws_cloudwatch_log_group.this.kms_key_id == var.logs_kms_key_arn
    error_message = "All logs of the control plane are kept, encrypted."
  }

  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && aws_eks_access_entry.administrator["people"].principal_arn == var.administrator_role_arns.people && endswith(aws_eks_access_policy_association.administrator["people"].policy_arn, "AmazonEKSClusterAdminPolicy")
    error_message = "Only named roles administer the cluster."
  }

  assert {
    condition     = endswith(aws_iam_role_policy_attachment.cluster.policy_arn, "policy/AmazonEKSClusterPolicy") && aws_iam_role_policy_attachment.cluster.role == aws_iam_role.cluster.name
    error_message = "The control plane has its role."
  }

  assert {
    condition     = aws_iam_openid_connect_provider.this.client_id_list == toset(["sts.amazonaws.com"]) && !startswith(output.oidc_issuer, "https://")
    error_message = "IRSA trusts tokens for STS alone."
  }
}

run "spot_and_on_demand" {
  assert {
    condition     = { for name, group in aws_eks_node_group.this : name => group.capacity_type } == { base = "ON_DEMAND", burst = "SPOT" }
    error_message = "One group is spot, the other on-demand."
  }

  assert {
    condition     = aws_eks_node_group.this["burst"].scaling_config[0].max_size == 4 && aws_eks_node_group.this["burst"].node_role_arn == aws_iam_role.node.arn
    error_message = "The sizes are those that were given."
  }

  assert {
    condition     = aws_launch_template.node.metadata_options[0].http_tokens == "required" && aws_launch_template.node.metadata_options[0].http_put_response_hop_limit == 1 && aws_launch_template.node.block_device_mappings[0].ebs[0].encrypted == "true"
    error_message = "Pods can't take the node's credentials, and its disk is encrypted."
  }

  assert {
    condition     = toset(keys(aws_iam_role_policy_attachment.node)) == toset(["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "CloudWatchAgentServerPolicy", "AmazonSSMManagedInstanceCore"])
    error_message = "Nodes pull images, log, and are reached by Session Manager, and no more."
  }
}

run "add_ons" {
  assert {
    condition     = setunion(keys(aws_eks_addon.before_nodes), keys(aws_eks_addon.after_nodes)) == toset(["eks-pod-identity-agent", "kube-proxy", "vpc-cni", "aws-ebs-csi-driver", "coredns", "metrics-server"])
    error_message = "An add-on is missing."
  }

  assert {
    condition     = strcontains(aws_eks_addon.before_nodes["vpc-cni"].configuration_values, "enableNetworkPolicy")
    error_message = "Network policies are enforced."
  }

  assert {
    condition     = alltrue([for name, attachment in aws_iam_role_policy_attachment.addon : attachment.role == aws_iam_role.addon[name].name]) && length(aws_iam_role.addon) == 2
    error_message = "The network plugin and the disk driver have roles of their own."
  }
}

run "public_to_an_office" {
  variables {
    public_access_cidrs = ["203.0.113.0/24"]
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_public_access && aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24"])
    error_message = "The API server is open to the range that was given and no other."
  }
}

run "public_to_everyone" {
  command = plan

  variables {
    public_access_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.public_access_cidrs]
}

run "an_instance_type_that_does_not_exist" {
  command = plan

  variables {
    node_groups = { base = { instance_types = ["t3.smal"], spot = false, min = 1, max = 2 } }
  }

  expect_failures = [var.node_groups]
}

run "spot_of_one_type" {
  command = plan

  variables {
    node_groups = { burst = { instance_types = ["t3.small"], spot = true, min = 1, max = 2 } }
  }

  expect_failures = [var.node_groups]
}

run "more_nodes_at_least_than_at_most" {
  command = plan

  variables {
    node_groups = { base = { instance_types = ["t3.small"], spot = false, min = 3, max = 2 } }
  }

  expect_failures = [var.node_groups]
}

run "an_old_kubernetes" {
  command = plan

  variables {
    kubernetes_version = "1.21"
  }

  expect_failures = [var.kubernetes_version]
}
