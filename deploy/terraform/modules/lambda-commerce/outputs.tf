output "function_names" {
  description = "Functions, by what they do."
  value       = { for name, function in aws_lambda_function.this : name => function.function_name }
}

output "failed_queue_url" {
  description = "Queue of invocations that failed for good."
  value       = aws_sqs_queue.failed.url
}

output "users" {
  description = "Each function's user of Kafka, and the topics that it reads and writes: what its ACLs allow."
  value       = { for name, function in local.functions : function.user => { reads = function.reads, writes = function.writes, group = "${var.name}-${name}" } }
}
