"""What the stand-in API server says of its kinds. Standard library alone."""

from __future__ import annotations

from devstack.kubernetes.cluster import KINDS, Object

SHORT = {"deployments": ["deploy"], "statefulsets": ["sts"], "namespaces": ["ns"], "pods": ["po"]}


def groups() -> list[Object]:
    """The groups of the API, each in version v1."""
    found = []
    for group in filter(None, KINDS):
        version = {"groupVersion": f"{group}/v1", "version": "v1"}
        found.append({"name": group, "versions": [version], "preferredVersion": version})
    return found


def resources(group: str) -> Object:
    """The kinds of a group."""
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    items: list[Object] = []
    for plural, (kind, namespaced) in KINDS[group].items():
        items.append(
            {
                "name": plural,
                "singularName": kind.lower(),
                "namespaced": namespaced,
                "kind": kind,
                "verbs": verbs,
                "shortNames": SHORT.get(plural, []),
            }
        )
    return {"kind": "APIResourceList", "groupVersion": f"{group}/v1".lstrip("/"), "resources": items}


def schema(group: str) -> Object:
    """As much OpenAPI as tells kubectl that the server validates fields and dry runs itself."""
    prefix = f"/apis/{group}/v1" if group else "/api/v1"
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("dryRun", "fieldValidation")]
    paths = {}
    for plural, (kind, namespaced) in KINDS[group].items():
        where = f"{prefix}/namespaces/{{namespace}}/{plural}/{{name}}" if namespaced else f"{prefix}/{plural}/{{name}}"
        known = {"group": group, "version": "v1", "kind": kind}
        paths[where] = {
            "patch": {
                "x-kubernetes-group-version-kind": known,
                "parameters": parameters,
                "responses": {"200": {"description": "OK"}},
            }
        }
    return {"openapi": "3.0.0", "info": {"title": "stand-in", "version": "v1"}, "paths": paths}
