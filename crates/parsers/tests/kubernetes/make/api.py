"""A stand-in for an API server that serves the objects of a file, so that kubectl has something to describe.

usage: api.py OBJECTS.json PORT
"""

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

OBJECTS = json.load(open(sys.argv[1]))["items"]

PLURALS = {
    "Endpoints": ("endpoints", True), "NetworkPolicy": ("networkpolicies", True), "Ingress": ("ingresses", True),
    "IngressClass": ("ingressclasses", False), "StorageClass": ("storageclasses", False), "Node": ("nodes", False),
    "Namespace": ("namespaces", False), "PersistentVolume": ("persistentvolumes", False),
}


def plural(kind):
    return PLURALS.get(kind, (kind.lower() + "s", True))


GROUPS = {}
for found in OBJECTS + [{"apiVersion": "v1", "kind": "Event"}, {"apiVersion": "v1", "kind": "LimitRange"},
                        {"apiVersion": "v1", "kind": "ResourceQuota"}, {"apiVersion": "apps/v1", "kind": "ReplicaSet"},
                        {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}]:
    GROUPS.setdefault(found["apiVersion"], set()).add(found["kind"])


def resources(version):
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": [
        {"name": plural(kind)[0], "singularName": kind.lower(), "namespaced": plural(kind)[1], "kind": kind,
         "verbs": ["get", "list"]} for kind in sorted(GROUPS[version])]}


def answer(path, query):
    if path == "/version":
        return {"major": "1", "minor": "30", "gitVersion": "v1.30.1", "platform": "linux/amd64"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        groups = sorted(version for version in GROUPS if "/" in version)
        named = [{"groupVersion": version, "version": version.split("/")[1]} for version in groups]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
            {"name": version["groupVersion"].split("/")[0], "versions": [version], "preferredVersion": version}
            for version in named]}
    match = re.match(r"/apis?/((?:[a-z0-9.-]+/)?v[0-9a-z]+)$", path)
    if match:
        return resources(match[1]) if match[1] in GROUPS else None
    match = re.match(r"/apis?/((?:[a-z0-9.-]+/)?v[0-9a-z]+)(?:/namespaces/([^/]+))?/([a-z]+)(?:/([^/]+))?$", path)
    if not match:
        return None
    version, namespace, resource, name = match.groups()
    kinds = [kind for kind in GROUPS.get(version, ()) if plural(kind)[0] == resource]
    if not kinds:
        return None
    fields = dict(part.split("=", 1) for part in query.get("fieldSelector", [""])[0].split(",") if "=" in part)
    items = [item for item in OBJECTS if item["apiVersion"] == version and item["kind"] == kinds[0]
             and namespace in (None, item["metadata"].get("namespace"))]
    if name:
        return next((item for item in items if item["metadata"]["name"] == name), None)
    if resource == "events" and "involvedObject.name" in fields:
        items = [item for item in items if item["involvedObject"]["name"] == fields["involvedObject.name"]]
    if "spec.nodeName" in fields:
        items = [item for item in items if item["spec"].get("nodeName") == fields["spec.nodeName"]]
    return {"kind": kinds[0] + "List", "apiVersion": version, "metadata": {}, "items": items}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlparse(self.path)
        found = answer(url.path, parse_qs(url.query))
        body = json.dumps(found or {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound",
                                    "message": "not found", "code": 404}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
