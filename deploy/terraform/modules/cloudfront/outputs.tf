output "domain_name" {
  description = "What the DNS record of the API's name points to."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "id" {
  description = "Id of the distribution."
  value       = aws_cloudfront_distribution.this.id
}
