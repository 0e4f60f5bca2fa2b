# Five mistakes, each planted once in a copy, and the tools that catch it. Sourced by ../check. With `check --plant`
# what is found is written to caught.tsv, which the ledger's head shows.

plant_all() {
  python_tool checkov "$CHECKOV_VERSION" checkov
  caught=()
  missed=0

  plant "a misspelt attribute" modules/vpc/main.tf 's/enable_dns_hostnames = true/enable_dns_hostname = true/' \
    "terraform validate" validates "Unsupported argument"
  plant "a required attribute that is missing" modules/elasticache/main.tf '/^  description  *= /d' \
    "terraform validate" validates "Missing required argument"
  plant "a wrong type" modules/rds/main.tf 's/multi_az  *= var.multi_az/multi_az = "sometimes"/' \
    "terraform validate" validates "a bool is required"
  plant "an instance type that doesn't exist" environments/dev/terraform.tfvars 's/db.t4g.micro/db.t4g.tiny/' \
    "terraform test" tests "instance_class must be a class of RDS"
  plant "an open security group" modules/security-groups/main.tf '$a\
resource "aws_vpc_security_group_ingress_rule" "planted" {\
  security_group_id = local.ids["database"]\
  cidr_ipv4         = "0.0.0.0/0"\
  ip_protocol       = "tcp"\
  from_port         = 22\
  to_port           = 22\
  description       = "planted"\
}' "checkov" scans "CKV_AWS_24" "outputs.test.ts" opens "'planted'"

  printf '%s\n' "${caught[@]}" >"$here/planted/caught.tsv"
  printf '%d mistakes planted, %d missed\n' "${#caught[@]}" "$missed"
  ((missed == 0))
}

# plant MISTAKE FILE SED [TOOL FUNCTION PART_OF_ITS_MESSAGE]…
plant() {
  local mistake=$1 file=$2 edit=$3 by=()
  shift 3
  cp "$copy/$file" "$scratch/whole"
  sed -i "$edit" "$copy/$file"
  if cmp --silent "$scratch/whole" "$copy/$file"; then
    printf 'MISSED  %s: it could not be planted in %s\n' "$mistake" "$file"
    missed=$((missed + 1))
  fi
  while (($# > 0)); do
    if "$2" "$(dirname "$file")" >"$scratch/planted.log" 2>&1 </dev/null; then
      printf 'MISSED  %s: %s passes\n' "$mistake" "$1"
    elif ! grep --quiet --fixed-strings "$3" "$scratch/planted.log"; then
      printf 'MISSED  %s: %s fails otherwise\n' "$mistake" "$1"
      cat "$scratch/planted.log"
    else
      by+=("$1: $3")
      printf 'caught  %s in %s by %s: %s\n' "$mistake" "$file" "$1" "$3"
    fi
    shift 3
  done
  ((${#by[@]} > 0)) || missed=$((missed + 1))
  cp "$scratch/whole" "$copy/$file"
  local tools_in_order
  tools_in_order=$(printf '; %s' "${by[@]}")
  caught+=("$mistake"$'\t'"$file"$'\t'"${tools_in_order#; }")
}

initialize() {
  cd "$copy/$1" || return 0
  export TF_DATA_DIR=$scratch/leaf
  if grep --quiet '^module ' ./*.tf; then
    TF_DATA_DIR=$scratch/data-planted
    terraform init -backend=false -no-color
  else
    cp "$copy/modules/kms/.terraform.lock.hcl" . 2>/dev/null || true
  fi
}

validates() (initialize "$1" && terraform validate -no-color)
tests() (initialize "$1" && terraform test -no-color | tr '\n' ' ' && exit "${PIPESTATUS[0]}")
scans() (cd "$copy/$1" && checkov --config-file "$copy/.checkov.yaml" --directory . --compact --quiet)

# As outputs.test.ts asks of each environment's plan: which rules are open to the Internet.
opens() (
  initialize environments/dev
  terraform test -json -verbose -filter=tests/dev.tftest.hcl >"$scratch/open.log"
  "$node" "$copy/test-report.ts" environments/dev "$scratch/open.log" "$scratch/plans" 0
  export PATH=$tools/helm-$HELM_VERSION:$PATH
  cd "$repository" && "$node" --conditions=millrace --test-name-pattern 'dev: the Internet' deploy/terraform/outputs.test.ts "$scratch/plans" dev
)
