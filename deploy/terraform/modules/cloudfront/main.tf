# The API's public address: HTTPS, IPv6, compression, the web ACL; nothing is cached, as every answer is the caller's.

# AWS's own policies, the same in every account.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html and its neighbours
locals {
  caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  # Every header, cookie and parameter goes on to the API; Host is the origin's.
  all_viewer_except_host_header = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
  security_headers              = "67f7725c-6f97-4210-82d7-5512b31e9d03"
}

# trivy:ignore:AVD-AWS-0010 the web ACL logs what is refused, and the API what is served
resource "aws_cloudfront_distribution" "this" {
  #checkov:skip=CKV2_AWS_32:AWS's own policy is attached by its id, which checkov looks for as a resource
  #checkov:skip=CKV_AWS_86:the web ACL logs what is refused, and the API what is served
  #checkov:skip=CKV_AWS_305:an API has no root page
  #checkov:skip=CKV_AWS_310:one API in one region has no second origin
  #checkov:skip=CKV_AWS_374:the API is for every country
  #checkov:skip=CKV2_AWS_47:the rule set AWSManagedRulesKnownBadInputsRuleSet is in modules/waf
  enabled         = true
  comment         = var.name
  aliases         = [var.domain]
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = var.price_class
  web_acl_id      = var.web_acl_arn

  origin {
    origin_id   = "api"
    domain_name = var.origin_domain

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
      origin_read_timeout    = 60
    }

    # Without it the load balancer refuses: nothing passes the web ACL by.
    dynamic "custom_header" {
      for_each = nonsensitive(var.origin_header == null) ? [] : ["X-Origin-Verify"]

      content {
        name  = custom_header.value
        value = var.origin_header
      }
    }
  }

  default_cache_behavior {
    target_origin_id           = "api"
    allowed_methods            = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "redirect-to-https"
    compress                   = true
    cache_policy_id            = local.caching_disabled
    origin_request_policy_id   = local.all_viewer_except_host_header
    response_headers_policy_id = local.security_headers
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}
