# What the processes must be given: the same for the chart and for ECS.

data "aws_region" "current" {}

locals {
  kafka_environment = local.on_msk ? {
    KAFKA_BOOTSTRAP_SERVERS = module.msk[0].bootstrap_servers_iam
    KAFKA_USE_IAM_AUTH      = "true"
    } : {
    KAFKA_BOOTSTRAP_SERVERS = module.kafka_ec2[0].bootstrap_servers_scram
    KAFKA_SECURITY          = "scram"
    KAFKA_SCRAM_USERNAME    = "millrace"
  }

  environment = merge(module.iam_roles.settings, local.kafka_environment, {
    AWS_REGION               = data.aws_region.current.name
    KAFKA_REPLICATION_FACTOR = "3"
    # The job before a release does both, by a role of its own.
    KAFKA_CREATE_TOPICS     = "false"
    POSTGRES_MIGRATE        = "false"
    OPENSEARCH_ENDPOINT     = local.search_endpoint
    OPENSEARCH_AWS_SERVICE  = { domain = "es", serverless = "aoss" }[var.search.kind]
    OPENSEARCH_USE_IAM_AUTH = "true"
    POSTGRES_HOST           = module.rds.host
    POSTGRES_USE_IAM_AUTH   = "true"
    REDIS_HOST              = module.elasticache.host
    REDIS_USE_IAM_AUTH      = "true"
    REDIS_IAM_CACHE_NAME    = module.elasticache.cache_name
  })

  # By SCRAM each process has the password from Secrets Manager, by External Secrets.
  password = local.on_msk ? {} : {
    externalSecret = {
      enabled = true
      store   = { kind = "ClusterSecretStore", name = "aws-secrets-manager" }
      data    = { KAFKA_SCRAM_PASSWORD = { key = "AmazonMSK_${var.name}_millrace", property = "password" } }
    }
  }

  process_values = {
    for process in ["ingest", "embed", "sink", "api"] : process => merge(local.password, {
      serviceAccount = { roleArn = module.iam_roles.arns[process] }
    })
  }

  helm_values = merge(local.process_values, {
    global = { image = { registry = module.ecr.registry }, environment = local.environment }
    embed = merge(local.process_values.embed, {
      environment = { OPENAI_API_KEY_SECRET_ARN = module.secrets.external_secret_arns["openai"] }
    })
    sink = merge(local.process_values.sink, {
      prepare = {
        environment    = { POSTGRES_USER = "millrace_owner", KAFKA_CREATE_TOPICS = "true", POSTGRES_MIGRATE = "true" }
        serviceAccount = { roleArn = module.iam_roles.arns["sink-prepare"] }
      }
    })
  })
}
