# The API's public address: HTTPS, IPv6, compression, the web ACL; nothing is cached, as every answer is the caller's.

# AWS's own policies: no caching, and every header, cookie and parameter goes on to the API (but Host, which is the origin's).
data "aws_cloudfront_cache_policy" "disabled" {
  name = "Managed-CachingDisabled"
}

data "aws_cloudfront_origin_request_policy" "all_but_host" {
  name = "Managed-AllViewerExceptHostHeader"
}

data "aws_cloudfront_response_headers_policy" "security" {
  name = "Managed-SecurityHeadersPolicy"
}

resource "aws_cloudfront_distribution" "this" {
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
    cache_policy_id            = data.aws_cloudfront_cache_policy.disabled.id
    origin_request_policy_id   = data.aws_cloudfront_origin_request_policy.all_but_host.id
    response_headers_policy_id = data.aws_cloudfront_response_headers_policy.security.id
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
