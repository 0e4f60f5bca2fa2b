mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name            = "millrace-dev"
  domain          = "api.example.com"
  origin_domain   = "origin.example.com"
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
  web_acl_arn     = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/00000000-0000-0000-0000-000000000000"
}

run "nothing_is_cached" {
  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    error_message = "The API's answers are not cached."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].compress && aws_cloudfront_distribution.this.is_ipv6_enabled
    error_message = "Answers are compressed, and IPv6 works."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https" && aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021" && one(aws_cloudfront_distribution.this.origin).custom_origin_config[0].origin_protocol_policy == "https-only"
    error_message = "HTTPS alone, on both sides."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.web_acl_id == var.web_acl_arn
    error_message = "The web ACL stands before it."
  }

  assert {
    condition     = length(one(aws_cloudfront_distribution.this.origin).custom_header) == 0
    error_message = "Without a header none is sent."
  }
}

run "known_to_the_load_balancer" {
  variables {
    origin_header = "0123456789abcdef"
  }

  assert {
    condition     = one(one(aws_cloudfront_distribution.this.origin).custom_header).name == "X-Origin-Verify"
    error_message = "The load balancer's header is sent."
  }
}

run "a_certificate_of_another_region" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/a"
  }

  expect_failures = [var.certificate_arn]
}

run "a_url_for_a_domain" {
  command = plan

  variables {
    domain = "https://api.example.com"
  }

  expect_failures = [var.domain]
}

run "a_price_class_that_is_none" {
  command = plan

  variables {
    price_class = "cheap"
  }

  expect_failures = [var.price_class]
}
