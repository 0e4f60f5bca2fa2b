# Staging: as prod, smaller: MSK, a standby of the database, one NAT gateway. Replace account, repository and addresses.
environment = "staging"
cost_center = "streaming"
region      = "eu-central-1"
account_id  = "123456789012"

network = {
  cidr                = "10.20.0.0/16"
  nat                 = "single"
  interface_endpoints = ["sts", "secretsmanager"]
}

kafka    = "msk"
msk      = { instance_type = "kafka.t3.small", storage_gib = 50, storage_max_gib = 200 }
postgres = { instance_class = "db.t4g.medium", multi_az = true, backup_days = 3 }
cache    = { node_type = "cache.t4g.small", nodes = 2 }
search   = { kind = "domain", instance_type = "t3.medium.search", data_nodes = 2, master_nodes = 0, storage_gib = 20 }

eks = {
  node_groups = {
    base  = { instance_types = ["t3.medium"], spot = false, min = 2, max = 4 }
    burst = { instance_types = ["t3.medium", "t3a.medium"], spot = true, min = 1, max = 4 }
  }
}

ecs = {
  certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
  api             = { cpu = 256, memory_mib = 512, min = 1, max = 4 }
  connect         = { cpu = 1024, memory_mib = 2048, min = 1, max = 2 }
}

public = {
  domain          = "api.staging.example.com"
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
  origin_domain   = "origin.staging.example.com"
}

bastion = { instance_type = "t3.small" }
github  = { repository = "example/millrace", create_provider = true }
budget  = { limit_usd = 1200, emails = ["team@example.com"] }

state = {
  bucket_arn  = "arn:aws:s3:::millrace-state-123456789012"
  kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

log_retention_days = 90
