# Applies on moto what moto knows: apply, an empty second plan, a deployment, destroy, nothing left. Sourced by ../check.
# What was applied is written to applied.txt, which the ledger reads.

readonly MOTO_VERSION=5.2.5

on_moto() {
  local began=$SECONDS
  python_tool moto_server "$MOTO_VERSION" 'moto[server]'
  python=$tools/moto_server-$MOTO_VERSION/bin/python
  # What holds data refuses to be destroyed; here it is to be.
  sed -i 's/prevent_destroy = true/prevent_destroy = false/' "$copy"/modules/*/*.tf "$copy"/bootstrap/*.tf
  # Detailed monitoring is what moto does not know of instances.
  sed -i 's/monitoring  *= true/monitoring = false/' "$copy"/modules/{bastion,kafka-ec2}/main.tf
  # Nor an application's autoscaling, nor EKS's add-ons and access entries.
  rm "$copy"/modules/ecs/scaling.tf "$copy"/modules/eks/{addons,access}.tf
  sed -i 's/, aws_eks_addon.before_nodes//' "$copy/modules/eks/nodes.tf"
  # Nor brokers of your own as the source of a function's events.
  sed -i '/^resource "aws_lambda_event_source_mapping"/,/^}/d' "$copy/modules/lambda-commerce/main.tf"
  # Nor how many old versions a bucket keeps, so that the provider would wait for them for ever.
  sed -i '/newer_noncurrent_versions/d' "$copy/bootstrap/main.tf"
  start_moto
  export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1 AWS_MAX_ATTEMPTS=2
  "$python" "$here/moto/helper.py" put-package || return 1
  "$python" "$here/moto/helper.py" inventory >"$scratch/before.json" || return 1

  # moto knows no regional endpoints of its own: the provider is told which one to use by AWS_ENDPOINT_URL.
  printf 'provider "aws" {\n  s3_use_path_style           = true\n  skip_credentials_validation = true\n  skip_metadata_api_check     = true\n}\n' >"$copy/bootstrap/moto_override.tf"
  run "bootstrap: apply" cycle_apply bootstrap -var region=eu-central-1 -var lock_table=true
  run "bootstrap: the second plan changes nothing" cycle_plan bootstrap -var region=eu-central-1 -var lock_table=true
  run "modules: apply" cycle_apply moto
  run "modules: the second plan changes nothing" cycle_plan moto
  run "a deployment by digest: planned, applied, and the plan is empty again" deploy_by_digest
  local folder
  for folder in bootstrap moto; do
    (cd "$copy/$folder" && TF_DATA_DIR=$scratch/data-$folder terraform state list -no-color 2>/dev/null) >"$scratch/state-$folder"
  done
  run "modules: destroy" cycle_destroy moto
  # AWS deletes a bucket only when it is empty, and its own protection has to be taken off the table first.
  sed -i 's/deletion_protection_enabled = true/deletion_protection_enabled = false/' "$copy/bootstrap/main.tf"
  run "bootstrap: destroy" cycle_destroy bootstrap -var region=eu-central-1 -var lock_table=true
  run "nothing is left" nothing_left
  kill "$moto" 2>/dev/null

  "$node" "$here/moto/applied.ts" "$scratch/state-bootstrap" "$scratch/state-moto" >"$scratch/applied.txt" || failed=$((failed + 1))
  if ((failed == 0)) && ! diff "$here/moto/applied.txt" "$scratch/applied.txt"; then
    cp "$scratch/applied.txt" "$here/moto/applied.txt"
    echo "moto/applied.txt was written anew: run deploy/terraform/check --write"
  fi
  printf '%d passed, %d failed, %d s\n' "$passed" "$failed" "$((SECONDS - began))"
  ((failed == 0))
}

start_moto() {
  local port
  port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  MOTO_IAM_LOAD_MANAGED_POLICIES=true MOTO_AMIS_PATH=$here/moto/images.json \
    "$tools/moto_server-$MOTO_VERSION/bin/moto_server" -H 127.0.0.1 -p "$port" >"$scratch/moto.log" 2>&1 &
  moto=$!
  trap 'kill "$moto" 2>/dev/null; rm -rf "$scratch"' EXIT
  export AWS_ENDPOINT_URL=http://127.0.0.1:$port
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return 0
    sleep 0.2
  done
  echo "moto does not start:" && cat "$scratch/moto.log" && exit 1
}

# cycle_… FOLDER [OPTION…]
cycle_apply() (
  export TF_DATA_DIR=$scratch/data-$1
  cd "$copy/$1" && shift || exit 1
  terraform init -no-color >"$scratch/init.log" 2>&1 || { cat "$scratch/init.log"; exit 1; }
  timeout 900 terraform apply -no-color -auto-approve "$@" >"$scratch/apply.log" 2>&1
  code=$?
  ((code == 0)) || { grep -A 8 'Error' "$scratch/apply.log"; tail -n 20 "$scratch/apply.log"; }
  grep '^Apply complete' "$scratch/apply.log"
  exit "$code"
)

# Nothing may change but what moto does not remember: forgotten.tsv names it, with what it is.
cycle_plan() (
  export TF_DATA_DIR=$scratch/data-$1
  cd "$copy/$1" && shift || exit 1
  terraform plan -no-color -out="$scratch/second.tfplan" "$@" >"$scratch/plan.log" 2>&1 || { cat "$scratch/plan.log"; exit 1; }
  terraform show -json "$scratch/second.tfplan" >"$scratch/second.json"
  "$node" "$here/moto/changes.ts" "$scratch/second.json" || { grep -v 'Refreshing state' "$scratch/plan.log"; exit 1; }
)

cycle_destroy() (
  export TF_DATA_DIR=$scratch/data-$1
  cd "$copy/$1" && shift || exit 1
  # The table's protection is taken off first.
  [[ $PWD != */bootstrap ]] || terraform apply -no-color -auto-approve "$@" >"$scratch/apply.log" 2>&1 || { grep -A 8 'Error' "$scratch/apply.log"; exit 1; }
  timeout 900 terraform destroy -no-color -auto-approve "$@" >"$scratch/destroy.log" 2>&1
  code=$?
  ((code == 0)) || { grep -A 8 'Error' "$scratch/destroy.log"; tail -n 20 "$scratch/destroy.log"; }
  grep '^Destroy complete' "$scratch/destroy.log"
  exit "$code"
)

# CI writes a digest: the plan replaces that service's task definition and no other, and once applied it is empty.
deploy_by_digest() (
  "$python" "$here/moto/helper.py" put-digest /millrace-dev/images/api "registry/millrace/api@sha256:$(printf '0%.0s' {1..64})" || exit 1
  export TF_DATA_DIR=$scratch/data-moto
  cd "$copy/moto" || exit 1
  local definitions=-target=module.ecs.aws_ecs_task_definition.this
  terraform plan -no-color "$definitions" -out="$scratch/deploy.tfplan" >"$scratch/plan.log" 2>&1 || { cat "$scratch/plan.log"; exit 1; }
  [[ $(grep -E '^  # .* (must|will) be' "$scratch/plan.log") == '  # module.ecs.aws_ecs_task_definition.this["api"] must be replaced' ]] ||
    { cat "$scratch/plan.log"; exit 1; }
  terraform apply -no-color "$scratch/deploy.tfplan" >"$scratch/apply.log" 2>&1 || { cat "$scratch/apply.log"; exit 1; }
  terraform plan -no-color -detailed-exitcode "$definitions" >"$scratch/plan.log" 2>&1 || { cat "$scratch/plan.log"; exit 1; }
  echo "one task definition replaced, then no changes"
)

nothing_left() {
  "$python" "$here/moto/helper.py" inventory >"$scratch/after.json" || return 1
  diff "$scratch/before.json" "$scratch/after.json" && echo "as before"
}
