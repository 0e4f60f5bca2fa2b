{{/*
The alias in the umbrella is the chart's name here, so a release `prod` has `prod-ingest`. Names end at 63 characters; nine
of them are left for `-prepare` and `-doctor`.
*/}}
{{- define "microservice.name" -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 54 | trimSuffix "-" }}
{{- end }}

{{- define "microservice.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* What the pods of one process have in common, also the one that prepares and the one that tests. */}}
{{- define "microservice.componentLabels" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: {{ .Chart.Name }}
# Prometheus discovers pods by it: deploy/monitoring/prometheus-kubernetes.yml.
app.kubernetes.io/part-of: millrace
{{- end }}

{{- define "microservice.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
{{ include "microservice.componentLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ include "microservice.tag" . | trunc 63 | trimAll "-_." | quote }}
helm.sh/chart: {{ printf "microservice-%s" .Chart.Version }}
{{- end }}

{{- define "microservice.sharedImage" -}}
{{ dig "image" dict (.Values.global | default dict) | toJson }}
{{- end }}

{{- define "microservice.tag" -}}
{{- $shared := include "microservice.sharedImage" . | fromJson }}
{{- .Values.image.tag | default $shared.tag | default .Chart.AppVersion | default .Chart.Version }}
{{- end }}

{{/* The image that this chart's values, the first argument, name by repository, tag and digest (the second). */}}
{{- define "microservice.image" -}}
{{- $root := index . 0 }}
{{- $image := index . 1 }}
{{- $shared := include "microservice.sharedImage" $root | fromJson }}
{{- $repository := $image.repository | default (printf "millrace/%s" $root.Chart.Name) }}
{{- with $shared.registry }}{{ $repository = printf "%s/%s" . $repository }}{{ end }}
{{- if $image.digest }}{{ printf "%s@%s" $repository $image.digest }}
{{- else }}{{ printf "%s:%s" $repository (include "microservice.tag" $root) }}{{ end }}
{{- end }}
