"""Writes the JSON schemas that kubeconform reads, strict ones: an unknown field is an error.

usage: kubeconform-schemas.py KUBERNETES_SCHEMAS CRD_FILE... TARGET

KUBERNETES_SCHEMAS is a folder of the PyPI package kubernetes-validate, a CRD_FILE the definition of a custom resource.
"""

import json
import sys
from pathlib import Path

import yaml


def main(kubernetes: Path, definitions: list[Path], target: Path) -> None:
    target.mkdir(parents=True)
    for file in kubernetes.glob("*.json"):
        schema = with_local_references(json.loads(file.read_text()))
        # An id that is not a URL would become the base of the references.
        schema.pop("$id", None)
        write(target / file.name, schema)
    for file in definitions:
        for name, schema in custom_resource_schemas(yaml.safe_load(file.read_text())):
            write(target / name, schema)


def with_local_references(node):
    """The package's schemas refer to a server's path; here they lie side by side."""
    if isinstance(node, list):
        return [with_local_references(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: value.replace("/api/_definitions.json", "_definitions.json")
        if key == "$ref" and isinstance(value, str)
        else with_local_references(value)
        for key, value in node.items()
    }


def custom_resource_schemas(definition):
    """A schema for each served version, named as kubeconform asks for it: kind-group-version."""
    spec = definition["spec"]
    group = spec["group"].split(".")[0]
    for version in spec["versions"]:
        name = f"{spec['names']['kind'].lower()}-{group}-{version['name']}.json"
        yield name, strict(version["schema"]["openAPIV3Schema"])


def strict(node):
    """Refuses the fields that an object doesn't declare, as an API server that validates strictly does."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {key: strict(value) for key, value in node.items()}
    open_ended = node.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in node
    if node.get("type") == "object" and isinstance(node.get("properties"), dict) and not open_ended:
        schema["additionalProperties"] = False
    return schema


def write(file: Path, schema) -> None:
    file.write_text(json.dumps(schema, separators=(",", ":")))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    source, *crds, destination = map(Path, sys.argv[1:])
    main(source, crds, destination)
