# HTTPS to the API. Port 80 answers with a redirect.

# trivy:ignore:AVD-AWS-0053 the public API's; the only thing that the Internet reaches
resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_91:access logs are CloudFront's and the API's own; a bucket for the same lines again costs more than it tells
  #checkov:skip=CKV_AWS_150:protection is the environment's choice: on in staging and prod
  #checkov:skip=CKV2_AWS_28:the web ACL is CloudFront's, before which nothing is let through: origin_header below
  name                       = "${var.name}-api"
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = var.public_subnet_ids
  security_groups            = [var.alb_security_group_id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
  # Streams of events stay open; the API sends a heartbeat more often than that.
  idle_timeout = 120
}

resource "aws_lb_target_group" "api" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; tasks are reached by it alone, within the VPC
  name                 = "${var.name}-api"
  vpc_id               = var.vpc_id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = local.services.api.port
  deregistration_delay = 60

  health_check {
    path                = local.services.api.health
    matcher             = "200"
    interval            = 15
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

# With an origin header, only requests that bear it go on: CloudFront adds it, so its web ACL can't be passed by.
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = var.origin_header == null ? "forward" : "fixed-response"
    target_group_arn = var.origin_header == null ? aws_lb_target_group.api.arn : null

    dynamic "fixed_response" {
      for_each = var.origin_header == null ? [] : ["403"]

      content {
        content_type = "text/plain"
        message_body = "Use the API's public address."
        status_code  = fixed_response.value
      }
    }
  }
}

resource "aws_lb_listener_rule" "origin" {
  count = var.origin_header == null ? 0 : 1

  listener_arn = aws_lb_listener.https.arn
  priority     = 1

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.api.arn
  }

  condition {
    http_header {
      http_header_name = "X-Origin-Verify"
      values           = [var.origin_header]
    }
  }
}
