#!/usr/bin/env bash
# Makes the fixtures of kubectl: `make.sh KUBECTL…`; the last version also makes those that do not differ.
set -euo pipefail
cd "$(dirname "$0")"
port=18001
python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open("objects.yaml")), sys.stdout)' > objects.json
python3 api.py objects.json $port & server=$!
trap 'kill $server; rm -f objects.json' EXIT
sleep 1
for kubectl; do
  version=$($kubectl version --client -o json | python3 -c 'import json, sys; v = json.load(sys.stdin)["clientVersion"]; print(v["gitVersion"].lstrip("v").rsplit(".", 1)[0])')
  run() { "$kubectl" --server "http://127.0.0.1:$port" --cache-dir /nonexistent "$@" 2>&1; }
  kinds=pods,nodes,services,endpoints,endpointslices.discovery.k8s.io,deployments.apps,statefulsets.apps,daemonsets.apps,jobs.batch,cronjobs.batch
  kinds+=,ingresses.networking.k8s.io,ingressclasses.networking.k8s.io,networkpolicies.networking.k8s.io,persistentvolumes,persistentvolumeclaims
  kinds+=,storageclasses.storage.k8s.io,configmaps,namespaces,secrets,serviceaccounts,resourcequotas,certificates.cert-manager.io
  for kind in ${kinds//,/ }; do
    run describe "$kind" -A || echo "failed: $kind" >&2
    echo; echo
  done > "../fixtures/describe-$version.txt"
done
run get "$kinds,events" -A -o yaml > ../fixtures/objects.yaml
run get "$kinds,events" -A -o json > ../fixtures/objects.json
run version > ../fixtures/version.txt
run version -o json > ../fixtures/version.json
run cluster-info > ../fixtures/cluster-info.txt || true
run api-versions > ../fixtures/api-versions.txt
