# What GitHub's workflows may do, without a key: each role trusts the tokens of one repository, for pull requests or for one
# environment, whose approvals GitHub asks for before it gives the token out.

locals {
  partition    = data.aws_partition.current.partition
  account      = data.aws_caller_identity.current.account_id
  provider_arn = var.create_provider ? aws_iam_openid_connect_provider.this[0].arn : "arn:${local.partition}:iam::${local.account}:oidc-provider/token.actions.githubusercontent.com"

  # plan reads, on pull requests; apply changes the estate; deploy pushes images and releases the chart.
  subjects = {
    plan   = "repo:${var.repository}:pull_request"
    apply  = "repo:${var.repository}:environment:${var.environment}"
    deploy = "repo:${var.repository}:environment:${var.environment}"
  }
}

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}

# One for the account: environments that share an account make it once. Thumbprints: see modules/eks.
resource "aws_iam_openid_connect_provider" "this" {
  count = var.create_provider ? 1 : 0

  url             = "https://token.actions.githubusercontent.com"
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = length(var.thumbprints) > 0 ? var.thumbprints : null
}

resource "aws_iam_role" "this" {
  for_each = local.subjects

  name                 = "${var.name}-github-${each.key}"
  description          = "GitHub Actions of ${var.repository}: ${each.key}"
  max_session_duration = 7200

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = local.provider_arn }
      Action    = ["sts:AssumeRoleWithWebIdentity"]
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = each.value
        }
      }
    }]
  })
}

# A refresh reads every setting of the estate. AWS's policy for that reads data, too, which is denied again.
resource "aws_iam_role_policy_attachment" "plan" {
  role       = aws_iam_role.this["plan"].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_role_policy" "plan" {
  name = "settings-without-data"
  role = aws_iam_role.this["plan"].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Deny"
        Action = [
          "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "sqs:ReceiveMessage",
          "logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery", "es:ESHttpGet", "ecr:GetDownloadUrlForLayer",
        ]
        # Data is denied wherever it is: a wildcard here only refuses more.
        Resource = ["*"]
      },
      {
        Effect      = "Deny"
        Action      = ["s3:GetObject", "s3:GetObjectVersion"]
        NotResource = ["${var.state_bucket_arn}/${var.environment}/*"]
      },
      # The provider reads the version of each SCRAM user's secret when it refreshes it, password included.
      {
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = ["arn:${local.partition}:secretsmanager:*:${local.account}:secret:AmazonMSK_${var.name}_*"]
      },
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = [var.secrets_kms_key_arn] },
    ]
  })
}

resource "aws_iam_role_policy" "state" {
  for_each = { plan = ["s3:GetObject"], apply = ["s3:GetObject", "s3:PutObject"] }

  name = "state"
  role = aws_iam_role.this[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:ListBucket"], Resource = [var.state_bucket_arn] },
      { Effect = "Allow", Action = each.value, Resource = ["${var.state_bucket_arn}/${var.environment}/terraform.tfstate"] },
      # The lock is a file beside the state, which a plan takes, too.
      { Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], Resource = ["${var.state_bucket_arn}/${var.environment}/terraform.tfstate.tflock"] },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.state_kms_key_arn] },
    ]
  })
}

# Everything but IAM, and of IAM what bears the estate's name. It can give such a role any right, as an estate is made of
# roles: whoever approves an apply is trusted with the account.
resource "aws_iam_role_policy_attachment" "apply" {
  role       = aws_iam_role.this["apply"].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/PowerUserAccess"
}

resource "aws_iam_role_policy" "apply" {
  #checkov:skip=CKV_AWS_286:the role makes the estate's roles, and can give them no more than the names below
  #checkov:skip=CKV_AWS_287:it passes roles that bear the estate's name, and no others
  #checkov:skip=CKV_AWS_289:it attaches policies to roles that bear the estate's name, and to no others
  name = "iam-of-the-estate"
  role = aws_iam_role.this["apply"].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "iam:CreateRole", "iam:DeleteRole", "iam:UpdateRole", "iam:UpdateAssumeRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:PassRole",
          "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:AttachRolePolicy", "iam:DetachRolePolicy",
          "iam:CreateInstanceProfile", "iam:DeleteInstanceProfile", "iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile",
        ]
        # Roles are many and come and go; each name begins with the estate's.
        Resource = [
          "arn:${local.partition}:iam::${local.account}:role/${var.name}-*",
          "arn:${local.partition}:iam::${local.account}:instance-profile/${var.name}-*",
        ]
      },
      {
        Effect = "Deny"
        # It can't widen its own rights, nor those of the other workflows.
        Action   = ["iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"]
        Resource = ["arn:${local.partition}:iam::${local.account}:role/${var.name}-github-*"]
      },
      {
        Effect = "Allow"
        Action = ["iam:CreateOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider", "iam:TagOpenIDConnectProvider", "iam:UpdateOpenIDConnectProviderThumbprint", "iam:AddClientIDToOpenIDConnectProvider"]
        # The cluster's provider; its id is EKS's.
        Resource = ["arn:${local.partition}:iam::${local.account}:oidc-provider/oidc.eks.*"]
      },
      {
        Effect = "Allow"
        Action = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:GetInstanceProfile", "iam:GetOpenIDConnectProvider"]
        # Reading: Terraform refreshes what it made, and AWS's own roles that it refers to.
        Resource = [
          "arn:${local.partition}:iam::${local.account}:role/*",
          "arn:${local.partition}:iam::${local.account}:instance-profile/*",
          "arn:${local.partition}:iam::${local.account}:oidc-provider/*",
        ]
      },
    ]
  })
}

resource "aws_iam_role_policy" "deploy" {
  #checkov:skip=CKV_AWS_355:ecr:GetAuthorizationToken knows no resource
  #checkov:skip=CKV_AWS_290:ecr:GetAuthorizationToken knows no resource
  name = "deploy"
  role = aws_iam_role.this["deploy"].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        # The login of docker and helm knows no resource.
        { Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] },
        {
          Effect = "Allow"
          Action = [
            "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:DescribeImages",
            "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage",
          ]
          Resource = var.repository_arns
        },
        { Effect = "Allow", Action = ["eks:DescribeCluster"], Resource = [var.eks_cluster_arn] },
        # Log groups of the estate, to show what went wrong.
        { Effect = "Allow", Action = ["logs:FilterLogEvents", "logs:GetLogEvents"], Resource = ["arn:${local.partition}:logs:*:${local.account}:log-group:/${var.name}/*"] },
      ],
      # The digests that ECS runs: modules/ecs.
      [for arns in [var.image_parameter_arns] : { Effect = "Allow", Action = ["ssm:PutParameter", "ssm:GetParameter"], Resource = arns } if length(arns) > 0],
    )
  })
}
