"""Holds Kubernetes' manifests against the schemas of their kinds.

Core kinds against those of kubernetes-validate, Dask's against its operator's own
definition, which dask-kubernetes ships. Unknown fields are errors. Started by
``make test-deploy``, in an environment that has both.
"""

import sys
from importlib.metadata import files
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from jsonschema import Draft202012Validator

DEFINITION = "dask-kubernetes-operator/crds/daskcluster.yaml"


def read_dask_schema() -> dict[str, Any]:
    """Return the schema of a ``DaskCluster``, without room for unknown fields."""
    shipped = [f for f in files("dask-kubernetes") or () if str(f).endswith(DEFINITION)]
    definition = yaml.safe_load(shipped[0].read_text(encoding="utf-8"))
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    # Kubernetes itself says what these are.
    for name in ("apiVersion", "kind", "metadata"):
        schema["properties"].setdefault(name, {})
    close(schema)
    return dict(schema)


def close(schema: Any) -> None:
    """Let objects have only fields that their schema names, as Kubernetes does."""
    if isinstance(schema, list):
        for part in schema:
            close(part)
    if not isinstance(schema, dict):
        return
    names_fields = schema.get("type") == "object" and "properties" in schema
    if names_fields and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    for part in schema.values():
        close(part)


def find_faults(manifest: dict[str, Any]) -> list[str]:
    """Return what is wrong with a manifest, in words of the schema."""
    if manifest["kind"] != "DaskCluster":
        latest = kubernetes_validate.latest_version()
        try:
            kubernetes_validate.validate(manifest, latest, strict=True)
        except kubernetes_validate.ValidationError as error:
            return [f"{error.json_path}: {error.message}"]
        return []
    found = Draft202012Validator(read_dask_schema()).iter_errors(manifest)
    return [f"{error.json_path}: {error.message}" for error in found]


def main(folder: Path) -> int:
    """Print what is wrong in a folder; return 1 if a manifest has a fault, else 0."""
    faulty = 0
    for path in sorted(folder.glob("*.yaml")):
        for manifest in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            faults = find_faults(manifest)
            faulty += bool(faults)
            name = f"{path.name}: {manifest['kind']} {manifest['metadata']['name']}"
            print(
                "\n".join([f"{name} is not valid:", *faults])
                if faults
                else f"{name} is valid"
            )
    return int(bool(faulty))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
