{{/* Arguments: the root, the name, the annotations. */}}
{{- define "microservice.externalSecret" -}}
{{- $root := index . 0 }}
{{- $name := index . 1 }}
{{- with $root.Values.externalSecret -}}
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ $name }}
  labels: {{- include "microservice.labels" $root | nindent 4 }}
  {{- with index $ 2 }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  refreshInterval: {{ .refreshInterval }}
  secretStoreRef:
    kind: {{ .store.kind }}
    name: {{ .store.name | required (printf "%s.externalSecret.store.name is missing" $root.Chart.Name) }}
  target:
    name: {{ $name }}
    creationPolicy: Owner
  data:
    {{- range $variable, $remote := .data }}
    - secretKey: {{ $variable }}
      remoteRef:
        key: {{ $remote.key }}
        {{- with $remote.property }}
        property: {{ . }}
        {{- end }}
    {{- end }}
{{- end }}
{{- end }}
