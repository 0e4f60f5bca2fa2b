# Prod: three zones of everything, no spot. Replace account, repository and addresses.
environment = "prod"
cost_center = "streaming"
region      = "eu-central-1"
account_id  = "123456789012"

network = {
  cidr = "10.30.0.0/16"
  nat  = "per_az"
}

kafka    = "msk"
msk      = { instance_type = "kafka.m5.large", storage_gib = 200, storage_max_gib = 2000 }
postgres = { instance_class = "db.t4g.large", multi_az = true, backup_days = 7, storage_gib = 100, storage_max_gib = 500 }
cache    = { node_type = "cache.t4g.medium", nodes = 3, snapshot_days = 7 }
search   = { kind = "domain", instance_type = "r7g.large.search", data_nodes = 3, master_nodes = 3, storage_gib = 100 }

eks = {
  node_groups = {
    base = { instance_types = ["t3.large"], spot = false, min = 3, max = 9 }
  }
}

ecs = {
  certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
}

public = {
  domain          = "api.example.com"
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
  origin_domain   = "origin.example.com"
}

bastion = { instance_type = "t3.medium" }
github  = { repository = "example/millrace", create_provider = true }
budget  = { limit_usd = 3500, emails = ["team@example.com"] }

state = {
  bucket_arn  = "arn:aws:s3:::millrace-state-123456789012"
  kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}
