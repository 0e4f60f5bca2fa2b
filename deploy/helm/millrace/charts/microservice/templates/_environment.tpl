{{/* What the ConfigMap holds: shared variables, then those of this process, then those that other values decide. */}}
{{- define "microservice.environment" -}}
{{- $shared := dig "environment" dict (.Values.global | default dict) }}
{{- $decided := dict "PORT" (.Values.port | toString) "SHUTDOWN_TIMEOUT_MS" (mul .Values.shutdownTimeoutSeconds 1000 | toString) }}
{{- range $name, $value := mergeOverwrite (dict) $shared .Values.environment $decided }}
{{- if regexMatch "(PASSWORD|API_KEY|SECRET)$" $name }}
{{- fail (printf "%s: %s is a secret and a ConfigMap is no place for it: use %s.secrets or %s.externalSecret" $.Chart.Name $name $.Chart.Name $.Chart.Name) }}
{{- end }}
{{- /* Numbers in values are floats, which would print 8388608 as 8.388608e+06. */}}
{{- printf "\n%s: " $name }}{{ tpl (kindIs "float64" $value | ternary (int64 $value) $value | toString) $ | quote }}
{{- end }}
{{- end }}

{{/* Where a process's secret variables come from. */}}
{{- define "microservice.secretEnvironment" -}}
{{- range $name, $reference := .Values.secrets }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $reference.secret }}
      key: {{ $reference.key }}
{{- end }}
{{- if .Values.externalSecret.enabled }}
{{- range $name, $_ := .Values.externalSecret.data }}
{{- if hasKey $.Values.secrets $name }}
{{- fail (printf "%s: %s is given by both secrets and externalSecret" $.Chart.Name $name) }}
{{- end }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ include "microservice.name" $ }}
      key: {{ $name }}
{{- end }}
{{- end }}
{{- end }}
