# What the scripts of this folder are checked and tried with, from package registries alone: Go modules and PyPI.
# To be sourced. Each function makes a program once, in the user's cache, and puts it on PATH.

export tools=${MILLRACE_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/millrace}/deploy-tools

# go_tool NAME VERSION PACKAGE
go_tool() {
  local folder=$tools/$1-$2
  if [[ ! -x $folder/$1 ]]; then
    building "$1 $2"
    GOBIN=$folder GOWORK=off GOFLAGS="-trimpath -buildvcs=false" nice go install -ldflags "-s -w" "$3@$2"
  fi
  PATH=$folder:$PATH
}

# go_tool_within NAME VERSION MODULE PACKAGE [LINKER_FLAGS]: for a module with `replace` lines, which `go install` refuses.
go_tool_within() {
  local folder=$tools/$1-$2
  if [[ ! -x $folder/$1 ]]; then
    building "$1 $2"
    local module
    module=$(go_module "$3@$2")
    (cd "$module" && GOWORK=off nice go build -trimpath -buildvcs=false -ldflags "-s -w ${5:-}" -o "$folder/$1" "$4")
  fi
  PATH=$folder:$PATH
}

# go_module MODULE@VERSION: the folder of its sources.
go_module() {
  (cd / && GOWORK=off GOFLAGS=-mod=mod go mod download -json "$1") |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'
}

# python_tool NAME VERSION PACKAGE
python_tool() {
  local folder=$tools/$1-$2
  if [[ ! -x $folder/bin/$1 ]]; then
    building "$1 $2"
    python3 -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$3==$2"
  fi
  PATH=$folder/bin:$PATH
}

compose_tool() {
  local version=v2.40.3
  go_tool_within docker-compose "$version" github.com/docker/compose/v2 ./cmd \
    "-X github.com/docker/compose/v2/internal.Version=$version"
}

building() { printf 'Making %s (once) …\n' "$1" >&2; }
