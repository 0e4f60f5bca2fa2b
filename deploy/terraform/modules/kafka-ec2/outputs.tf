output "bootstrap_servers_scram" {
  description = "Brokers for clients by SCRAM over TLS (port 9096)."
  value       = join(",", [for name, node in local.nodes : "${name}.${var.name}.kafka.internal:9096" if node.role == "broker"])
}

output "inventory" {
  description = "Inventory for Ansible, as YAML takes it: terraform output -json inventory > inventory.json."
  value = {
    all = {
      vars = {
        ansible_user     = "ubuntu"
        ansible_become   = true
        kafka_cluster_id = local.ids["cluster"]
        kafka_domain     = "${var.name}.kafka.internal"
        kafka_heap_mib   = var.broker_heap_mib
      }
      children = {
        controllers = {
          hosts = { for name, node in local.nodes : name => {
            ansible_host       = aws_instance.this[name].private_ip
            kafka_node_id      = node.id
            kafka_directory_id = local.ids[name]
          } if node.role == "controller" }
        }
        brokers = {
          hosts = { for name, node in local.nodes : name => {
            ansible_host  = aws_instance.this[name].private_ip
            kafka_node_id = node.id
          } if node.role == "broker" }
        }
        control_center = {
          hosts = { for name, node in local.nodes : name => { ansible_host = aws_instance.this[name].private_ip } if node.role == "control-center" }
        }
      }
    }
  }
}

output "instance_ids" {
  description = "Machines by name, for Session Manager."
  value       = { for name, instance in aws_instance.this : name => instance.id }
}
