output "ids" {
  description = "Group ids by name: alb, control-plane, nodes, tasks, functions, database, cache, msk, kafka, search, bastion, endpoints."
  value       = local.ids
}

output "flows" {
  description = "Who may reach whom: what the rules and docs/estate.md's picture are made from."
  value       = local.flows
}
