# Bucket, region and key of encryption come from bootstrap: terraform init -backend-config=backend.hcl (docs/estate.md).
terraform {
  backend "s3" {
    key          = "staging/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
