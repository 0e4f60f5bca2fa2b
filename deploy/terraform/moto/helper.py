"""What the check asks of moto beside Terraform: AWS_ENDPOINT_URL names it.

put-package             puts an empty zip where the functions' code is expected
put-digest NAME VALUE   what CI does: writes an image's digest
inventory               everything that exists, by kind, as JSON
"""

import io
import json
import os
import sys
import zipfile

import boto3


def put_package() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("order-generator.mjs", "export const handler = () => {};\n")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="package", CreateBucketConfiguration={"LocationConstraint": os.environ["AWS_REGION"]})
    s3.put_object(Bucket="package", Key="commerce/1.0.0.zip", Body=archive.getvalue())


def put_digest(name: str, value: str) -> None:
    boto3.client("ssm").put_parameter(Name=name, Value=value, Overwrite=True)


# Service, request, and where the answer holds the list: what moto itself makes (default VPCs, AWS's policies) is there before, too.
LISTS = [
    ("ec2", "describe_vpcs", "Vpcs"), ("ec2", "describe_subnets", "Subnets"), ("ec2", "describe_volumes", "Volumes"),
    ("ec2", "describe_security_groups", "SecurityGroups"), ("ec2", "describe_addresses", "Addresses"),
    ("ec2", "describe_launch_templates", "LaunchTemplates"), ("ec2", "describe_vpc_endpoints", "VpcEndpoints"),
    ("iam", "list_roles", "Roles"), ("iam", "list_instance_profiles", "InstanceProfiles"),
    ("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList"), ("kms", "list_aliases", "Aliases"),
    ("secretsmanager", "list_secrets", "SecretList"), ("s3", "list_buckets", "Buckets"), ("ecr", "describe_repositories", "repositories"),
    ("lambda", "list_functions", "Functions"), ("sqs", "list_queues", "QueueUrls"), ("ssm", "describe_parameters", "Parameters"),
    ("rds", "describe_db_instances", "DBInstances"), ("elbv2", "describe_load_balancers", "LoadBalancers"), ("eks", "list_clusters", "clusters"),
    ("logs", "describe_log_groups", "logGroups"), ("route53", "list_hosted_zones", "HostedZones"), ("dynamodb", "list_tables", "TableNames"),
]


def inventory() -> None:
    counts = {f"{service} {key}": len(getattr(boto3.client(service), request)().get(key, [])) for service, request, key in LISTS}
    json.dump(counts, sys.stdout, indent=1, sort_keys=True)


COMMANDS = {"put-package": put_package, "put-digest": put_digest, "inventory": inventory}
COMMANDS[sys.argv[1]](*sys.argv[2:])
