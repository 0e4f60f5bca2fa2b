# A real Kubernetes control plane on loopback, built from Go modules: etcd, the API server, the controller manager and the
# scheduler. kwok simulates the nodes: pods are scheduled and reported as running, but no container runs.
# Source this after ../tools.bash.

readonly KUBERNETES_RELEASE=v1.36.3
readonly ETCD_RELEASE=v3.6.16
readonly KWOK_RELEASE=v0.8.0

# Takes about ten minutes the first time, then nothing.
build_control_plane() {
  build_kubernetes
  build_etcd
  go_tool kwok "$KWOK_RELEASE" sigs.k8s.io/kwok/cmd/kwok
}

# The module kubernetes replaces its staging modules with folders, which other modules can't build with: our own module
# requires the published versions of the same modules.
build_kubernetes() {
  local folder=$tools/kubernetes-$KUBERNETES_RELEASE
  PATH=$folder:$PATH
  [[ ! -x $folder/kubectl ]] || return 0
  building "Kubernetes $KUBERNETES_RELEASE (several minutes)"
  local source work minor staging=v0.${KUBERNETES_RELEASE#v1.} version=k8s.io/component-base/version
  minor=${KUBERNETES_RELEASE#v1.}
  minor=${minor%%.*}
  source=$(go_module "k8s.io/kubernetes@$KUBERNETES_RELEASE")
  work=$(mktemp -d)
  {
    echo "module control-plane"
    sed -n '/^go /p; /^godebug /p; /^godebug (/,/^)/p' "$source/go.mod"
    echo "require k8s.io/kubernetes $KUBERNETES_RELEASE"
    sed -n '/^require (/,/^)/p' "$source/go.mod" | sed -E "s#^(\s+k8s.io/[a-z-]+) v0\.0\.0( |\$)#\1 $staging\2#"
    echo "replace ("
    sed -nE "s#^\s+(k8s.io/[a-z-]+) => ./staging/.*#\t\1 => \1 $staging#p" "$source/go.mod"
    echo ")"
  } >"$work/go.mod"
  install -m 644 "$source/go.sum" "$work/go.sum"
  # kubectl comes last: its presence shows that the build is complete.
  mkdir -p "$folder"
  (cd "$work" && for program in kube-apiserver kube-controller-manager kube-scheduler kubectl; do
    GOWORK=off nice go build -mod=mod -trimpath -buildvcs=false -o "$folder/$program" \
      -ldflags "-s -w -X $version.gitVersion=$KUBERNETES_RELEASE -X $version.gitMajor=1 -X $version.gitMinor=$minor -X $version.gitTreeState=clean" \
      "k8s.io/kubernetes/cmd/$program"
  done)
  rm -rf "$work"
}

build_etcd() {
  local folder=$tools/etcd-$ETCD_RELEASE
  PATH=$folder:$PATH
  [[ ! -x $folder/etcd ]] || return 0
  building "etcd $ETCD_RELEASE"
  local work
  work=$(mktemp -d)
  (cd "$work" && go mod init control-plane && go get "go.etcd.io/etcd/server/v3@$ETCD_RELEASE" &&
    GOWORK=off nice go build -trimpath -buildvcs=false -ldflags "-s -w" -o "$folder/etcd" go.etcd.io/etcd/server/v3) 2>/dev/null
  rm -rf "$work"
}

# start_control_plane FOLDER: on free ports; exports KUBECONFIG. Adds nodes in three zones, which kwok reports as ready.
start_control_plane() {
  local folder=$1 etcd peer api
  read -r etcd peer api < <(free_ports 3)
  (umask 077 && mkdir -p "$folder/pki" && openssl genrsa -out "$folder/pki/accounts.key" 2048 2>/dev/null)
  local token
  token=$(openssl rand -hex 16)
  (umask 077 && echo "$token,admin,admin,system:masters" >"$folder/pki/tokens.csv")

  background "$folder" etcd --data-dir "$folder/etcd" --listen-client-urls "http://127.0.0.1:$etcd" \
    --advertise-client-urls "http://127.0.0.1:$etcd" --listen-peer-urls "http://127.0.0.1:$peer"
  background "$folder" kube-apiserver --etcd-servers="http://127.0.0.1:$etcd" --bind-address=127.0.0.1 \
    --secure-port="$api" --cert-dir="$folder/pki" --service-account-issuer=https://kubernetes.default.svc \
    --service-account-key-file="$folder/pki/accounts.key" --service-account-signing-key-file="$folder/pki/accounts.key" \
    --service-cluster-ip-range=10.96.0.0/16 --authorization-mode=Node,RBAC --token-auth-file="$folder/pki/tokens.csv" \
    --advertise-address=127.0.0.1 --endpoint-reconciler-type=none --shutdown-delay-duration=0s

  cat >"$folder/kubeconfig" <<KUBECONFIG
apiVersion: v1
kind: Config
clusters: [{ name: here, cluster: { server: "https://127.0.0.1:$api", certificate-authority: "$folder/pki/apiserver.crt" } }]
users: [{ name: admin, user: { token: "$token" } }]
contexts: [{ name: here, context: { cluster: here, user: admin } }]
current-context: here
KUBECONFIG
  export KUBECONFIG=$folder/kubeconfig
  wait_until 120 "the API server is ready" kubectl get --raw /readyz

  background "$folder" kube-controller-manager --kubeconfig="$KUBECONFIG" --root-ca-file="$folder/pki/apiserver.crt" \
    --service-account-private-key-file="$folder/pki/accounts.key" --use-service-account-credentials=true \
    --leader-elect=false --bind-address=127.0.0.1 --secure-port=0
  background "$folder" kube-scheduler --kubeconfig="$KUBECONFIG" --leader-elect=false --bind-address=127.0.0.1 --secure-port=0
  local stages
  stages=$(go_module "sigs.k8s.io/kwok@$KWOK_RELEASE")/kustomize/stage
  background "$folder" kwok --kubeconfig="$KUBECONFIG" --manage-all-nodes=true --config "$stages/node/fast/node-initialize.yaml" \
    --config "$stages/pod/fast/pod-ready.yaml" --config "$stages/pod/fast/pod-complete.yaml" \
    --config "$stages/pod/fast/pod-delete.yaml" --config "$here/test-pods.kwok.yaml"
  local zone
  for zone in a b c; do
    kubectl apply --filename - >/dev/null <<NODE
apiVersion: v1
kind: Node
metadata: { name: node-$zone, labels: { kubernetes.io/hostname: node-$zone, topology.kubernetes.io/zone: zone-$zone } }
status: { allocatable: { cpu: 32, memory: 64Gi, pods: 100 }, capacity: { cpu: 32, memory: 64Gi, pods: 100 } }
NODE
  done
  kubectl wait --for=condition=Ready node --all --timeout=60s >/dev/null
}

control_plane=()

# background FOLDER PROGRAM [ARGUMENT…]
background() {
  "${@:2}" >"$1/$2.log" 2>&1 &
  control_plane+=($!)
}

stop_control_plane() {
  local index
  for ((index = ${#control_plane[@]} - 1; index >= 0; index--)); do
    kill "${control_plane[index]}" 2>/dev/null || true
    wait "${control_plane[index]}" 2>/dev/null || true
  done
}

free_ports() {
  python3 -c '
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(each.getsockname()[1] for each in sockets))' "$1"
}

# wait_until SECONDS WHAT COMMAND…
wait_until() {
  local until=$((SECONDS + $1))
  until "${@:3}" >/dev/null 2>&1; do
    ((SECONDS < until)) || { echo "Timed out after $1 s: $2" >&2; return 1; }
    sleep 0.5
  done
}
