# A real Kubernetes control plane on loopback, built from Go modules: etcd, the API server, the controller manager, the
# scheduler, and kwok, which plays the nodes: pods are placed and reported as running, no container runs.
# To be sourced, after ../tools.bash.

readonly KUBERNETES_RELEASE=v1.36.3
readonly ETCD_RELEASE=v3.6.16
readonly KWOK_RELEASE=v0.8.0

# About ten minutes once; then nothing.
build_control_plane() {
  build_kubernetes
  build_etcd
  go_tool kwok "$KWOK_RELEASE" sigs.k8s.io/kwok/cmd/kwok
}

# The module kubernetes replaces its staging modules by folders, which no other module can build with: a module of ours
# names the published versions of the same modules.
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
  # kubectl comes last: its presence says that all are there.
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
