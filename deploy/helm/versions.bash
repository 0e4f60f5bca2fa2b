# Versions of the tools that check the chart. Source this after ../tools.bash.

readonly HELM_VERSION=v3.22.0
readonly EXTERNAL_SECRETS_VERSION=v1.3.2
readonly KEDA_VERSION=v2.18.1
readonly PROMETHEUS_OPERATOR_VERSION=v0.85.0

# CRD files of the chart's custom resources.
external_secrets_definition() {
  echo "$(go_module "github.com/external-secrets/external-secrets@$EXTERNAL_SECRETS_VERSION")/config/crds/bases/external-secrets.io_externalsecrets.yaml"
}

keda_definition() {
  echo "$(go_module "github.com/kedacore/keda/v2@$KEDA_VERSION")/config/crd/bases/keda.sh_scaledobjects.yaml"
}

service_monitor_definition() {
  echo "$(go_module "github.com/prometheus-operator/prometheus-operator@$PROMETHEUS_OPERATOR_VERSION")/example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml"
}
