{{/* The alias in the umbrella is the chart's name here, so a release `prod` has `prod-ingest`. */}}
{{- define "microservice.name" -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "microservice.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "microservice.labels" -}}
{{ include "microservice.selectorLabels" . }}
app.kubernetes.io/part-of: millrace
app.kubernetes.io/component: {{ .Chart.Name }}
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

{{- define "microservice.image" -}}
{{- $shared := include "microservice.sharedImage" . | fromJson }}
{{- $repository := .Values.image.repository | default (printf "millrace/%s" .Chart.Name) }}
{{- with $shared.registry }}{{ $repository = printf "%s/%s" . $repository }}{{ end }}
{{- if .Values.image.digest }}{{ printf "%s@%s" $repository .Values.image.digest }}
{{- else }}{{ printf "%s:%s" $repository (include "microservice.tag" .) }}{{ end }}
{{- end }}
