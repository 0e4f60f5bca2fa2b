# The API's public side, where there is one.

module "waf" {
  count     = var.public == null ? 0 : 1
  providers = { aws = aws.us_east_1 }

  source             = "../waf"
  name               = var.name
  log_retention_days = var.log_retention_days
}

module "cloudfront" {
  count = var.public == null ? 0 : 1

  source          = "../cloudfront"
  name            = var.name
  domain          = var.public.domain
  certificate_arn = var.public.certificate_arn
  origin_domain   = var.public.origin_domain
  origin_header   = var.origin_header
  web_acl_arn     = module.waf[0].arn
}
