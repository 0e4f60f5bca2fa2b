output "endpoint" {
  description = "URL of the collection."
  value       = aws_opensearchserverless_collection.this.collection_endpoint
}

output "arn" {
  description = "ARN of the collection."
  value       = aws_opensearchserverless_collection.this.arn
}
