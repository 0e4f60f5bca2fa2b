# Three zones; in each a public, a private and a database subnet. Databases have no way out.

locals {
  zones = slice(sort(data.aws_availability_zones.available.names), 0, 3)

  # In a /16: public 10.0.0-2.0/24, database 10.0.10-12.0/24, private (where pods take addresses) 10.0.16-63.0/20.
  public   = { for index, zone in local.zones : zone => cidrsubnet(var.cidr, 8, index) }
  database = { for index, zone in local.zones : zone => cidrsubnet(var.cidr, 8, 10 + index) }
  private  = { for index, zone in local.zones : zone => cidrsubnet(var.cidr, 4, 1 + index) }

  nat_zones = { none = [], single = slice(local.zones, 0, 1), per_az = local.zones }[var.nat]
}

data "aws_region" "current" {}

data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394:the first three by name; a region's new zone has a later letter
  state = "available"

  # Local and wavelength zones have no NAT gateways and no databases.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = var.name }
}

# AWS opens the default group to itself; without rules it can't be used by mistake.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "${var.name}-default-unused" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = var.name }
}

resource "aws_subnet" "public" {
  for_each = local.public

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false
  tags                    = { Name = "${var.name}-public-${each.key}", "kubernetes.io/role/elb" = "1" }
}

resource "aws_subnet" "private" {
  for_each = local.private

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = { Name = "${var.name}-private-${each.key}", "kubernetes.io/role/internal-elb" = "1" }
}

resource "aws_subnet" "database" {
  for_each = local.database

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = { Name = "${var.name}-database-${each.key}" }
}

resource "aws_eip" "nat" {
  for_each = toset(local.nat_zones)

  domain     = "vpc"
  tags       = { Name = "${var.name}-nat-${each.key}" }
  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  for_each = toset(local.nat_zones)

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id
  tags          = { Name = "${var.name}-${each.key}" }
}
