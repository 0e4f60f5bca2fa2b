# Dev: small, one NAT gateway, spot, one of everything, Kafka on EC2. Replace account, repository and addresses.
environment = "dev"
cost_center = "streaming"
region      = "eu-central-1"
account_id  = "123456789012"

network = {
  cidr = "10.10.0.0/16"
  nat  = "single"
  # Each costs 22 dollars a month in three zones; with a NAT gateway there is another way.
  interface_endpoints = []
}

kafka     = "ec2"
kafka_ec2 = { broker_instance_type = "t3.medium", broker_storage_gib = 50, controller_instance_type = "t3.small" }
postgres  = { instance_class = "db.t4g.micro", multi_az = false, backup_days = 1 }
cache     = { node_type = "cache.t4g.micro", nodes = 1, snapshot_days = 0 }
search    = { kind = "domain", instance_type = "t3.small.search", data_nodes = 1, master_nodes = 0, storage_gib = 10 }

eks = {
  node_groups = {
    spot = { instance_types = ["t3.small", "t3a.small"], spot = true, min = 2, max = 4 }
  }
}

commerce = { package = { bucket = "millrace-artifacts-123456789012", key = "commerce/0.1.0.zip" }, schedule = "rate(5 minutes)" }

bastion = { instance_type = "t3.small" }
github  = { repository = "example/millrace", create_provider = true }
budget  = { limit_usd = 500, emails = ["team@example.com"] }

state = {
  bucket_arn  = "arn:aws:s3:::millrace-state-123456789012"
  kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

deletion_protection  = false
secret_recovery_days = 0
log_retention_days   = 30
