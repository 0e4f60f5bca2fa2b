{{/*
What a ConfigMap holds, as JSON: shared variables, then those of this process, then more (the second argument), then those
that other values decide.
*/}}
{{- define "microservice.variables" -}}
{{- $root := index . 0 }}
{{- $shared := dig "environment" dict ($root.Values.global | default dict) }}
{{- $decided := dict "PORT" ($root.Values.port | toString) "SHUTDOWN_TIMEOUT_MS" (mul $root.Values.shutdownTimeoutSeconds 1000 | toString) }}
{{- $variables := dict }}
{{- range $name, $value := mergeOverwrite (dict) $shared $root.Values.environment (index . 1) $decided }}
{{- if regexMatch "(PASSWORD|API_KEY|SECRET)$" $name }}
{{- fail (printf "%s: %s is a secret and must not be in a ConfigMap: use %s.secrets or %s.externalSecret" $root.Chart.Name $name $root.Chart.Name $root.Chart.Name) }}
{{- end }}
{{- /* Helm reads numbers as floats, which would print 8388608 as 8.388608e+06. */}}
{{- $_ := set $variables $name (tpl (kindIs "float64" $value | ternary (int64 $value) $value | toString) $root) }}
{{- end }}
{{- toJson $variables }}
{{- end }}

{{- define "microservice.environment" -}}
{{- range $name, $value := include "microservice.variables" . | fromJson }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Where a pod's secret variables come from: the process's, and more; and the Secret that the operator keeps. */}}
{{- define "microservice.secretEnvironment" -}}
{{- $root := index . 0 }}
{{- $secrets := merge (dict) (index . 1) $root.Values.secrets }}
{{- range $name, $reference := $secrets }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $reference.secret }}
      key: {{ $reference.key }}
{{- end }}
{{- if $root.Values.externalSecret.enabled }}
{{- $kept := index . 2 }}
{{- range $name, $_ := $root.Values.externalSecret.data }}
{{- if hasKey $secrets $name }}
{{- fail (printf "%s: %s is set in both secrets and externalSecret" $root.Chart.Name $name) }}
{{- end }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $kept }}
      key: {{ $name }}
{{- end }}
{{- end }}
{{- end }}
