output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "Its addresses."
  value       = aws_vpc.this.cidr_block
}

output "zones" {
  description = "The three availability zones."
  value       = local.zones
}

output "public_subnet_ids" {
  description = "In the order of the zones: load balancers and NAT gateways."
  value       = [for zone in local.zones : aws_subnet.public[zone].id]
}

output "private_subnet_ids" {
  description = "In the order of the zones: nodes, tasks, functions, brokers."
  value       = [for zone in local.zones : aws_subnet.private[zone].id]
}

output "database_subnet_ids" {
  description = "In the order of the zones: RDS, ElastiCache, MSK, OpenSearch."
  value       = [for zone in local.zones : aws_subnet.database[zone].id]
}

output "nat_addresses" {
  description = "Public addresses that requests to the Internet come from, for the other side's allow list."
  value       = [for address in aws_eip.nat : address.public_ip]
}

output "endpoints_security_group_id" {
  description = "Security group of the interface endpoints."
  value       = aws_security_group.endpoints.id
}
