{{/* Arguments: the root, the name, `serviceAccount` of the values, more annotations. */}}
{{- define "microservice.serviceAccount" -}}
{{- $account := index . 2 }}
{{- $annotations := merge (dict) (index . 3) $account.annotations }}
{{- with $account.roleArn }}{{ $_ := set $annotations "eks.amazonaws.com/role-arn" . }}{{ end -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ index . 1 }}
  labels: {{- include "microservice.labels" (index . 0) | nindent 4 }}
  {{- with $annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
# The processes don't use the Kubernetes API. EKS mounts the IAM token itself.
automountServiceAccountToken: false
{{- end }}
