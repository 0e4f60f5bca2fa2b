"""What the check asks of moto beside Terraform: AWS_ENDPOINT_URL names it.

put-package             puts an empty zip where the functions' code is expected
put-digest NAME VALUE   what CI does: writes an image's digest
inventory               everything that exists, by kind, as JSON
"""

import io
import json
import os
import sys
import urllib.request
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


def inventory() -> None:
    with urllib.request.urlopen(f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/data.json") as answer:
        services = json.load(answer)
    counts = {
        f"{service} {kind}": len(instances)
        for service, kinds in services.items()
        for kind, instances in kinds.items()
        if instances
    }
    json.dump(counts, sys.stdout, indent=1, sort_keys=True)


COMMANDS = {"put-package": put_package, "put-digest": put_digest, "inventory": inventory}
COMMANDS[sys.argv[1]](*sys.argv[2:])
