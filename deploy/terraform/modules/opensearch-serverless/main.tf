# A vector collection, reached from the VPC alone. Its policies take index patterns, as indices come and go.

resource "aws_opensearchserverless_security_policy" "encryption" {
  name        = var.name
  type        = "encryption"
  description = "Our key for ${var.name}"

  policy = jsonencode({
    Rules       = [{ ResourceType = "collection", Resource = ["collection/${var.name}"] }]
    AWSOwnedKey = false
    KmsARN      = var.kms_key_arn
  })
}

resource "aws_opensearchserverless_vpc_endpoint" "this" {
  name               = var.name
  vpc_id             = var.vpc_id
  subnet_ids         = var.subnet_ids
  security_group_ids = [var.security_group_id]
}

resource "aws_opensearchserverless_security_policy" "network" {
  name        = var.name
  type        = "network"
  description = "From the VPC's endpoint alone"

  policy = jsonencode([{
    Rules           = [{ ResourceType = "collection", Resource = ["collection/${var.name}"] }]
    AllowFromPublic = false
    SourceVPCEs     = [aws_opensearchserverless_vpc_endpoint.this.id]
  }])
}

# What `millrace doctor --data-access` prints: the sink writes and makes the index, the others read.
resource "aws_opensearchserverless_access_policy" "this" {
  for_each = var.data_access

  name        = "${var.name}-${each.key}"
  type        = "data"
  description = "${each.key} of ${var.name}"

  policy = jsonencode([{
    Rules = [{
      ResourceType = "index"
      Resource     = ["index/${var.name}/${var.index}"]
      Permission   = concat(["aoss:DescribeIndex", "aoss:ReadDocument"], each.value.writes ? ["aoss:WriteDocument", "aoss:CreateIndex"] : [])
    }]
    Principal = [each.value.role_arn]
  }])
}

resource "aws_opensearchserverless_collection" "this" {
  name             = var.name
  type             = "VECTORSEARCH"
  description      = "Vectors of ${var.name}"
  standby_replicas = var.standby_replicas ? "ENABLED" : "DISABLED"

  depends_on = [aws_opensearchserverless_security_policy.encryption]

  lifecycle {
    prevent_destroy = true
  }
}
