{{/* What every pod of this chart has, under the restricted pod security standard. */}}
{{- define "microservice.pod" -}}
automountServiceAccountToken: false
# Otherwise Kubernetes adds variables for every Service of the namespace: one named `redis` would set REDIS_PORT to tcp://…
enableServiceLinks: false
{{- with (include "microservice.sharedImage" . | fromJson).pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
volumes:
  - name: tmp
    emptyDir: { sizeLimit: 64Mi }
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "microservice.container" -}}
imagePullPolicy: {{ (include "microservice.sharedImage" . | fromJson).pullPolicy | default "IfNotPresent" }}
resources: {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
volumeMounts:
  - { name: tmp, mountPath: /tmp }
{{- end }}

{{/* Pods of one process on different nodes and in different zones, where there are such; else beside each other. */}}
{{- define "microservice.spread" -}}
{{- if .Values.affinity }}
affinity: {{- toYaml .Values.affinity | nindent 2 }}
{{- else }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels: {{- include "microservice.selectorLabels" . | nindent 14 }}
{{- end }}
{{- if .Values.topologySpread.enabled }}
topologySpreadConstraints:
  - topologyKey: topology.kubernetes.io/zone
    maxSkew: 1
    whenUnsatisfiable: {{ .Values.topologySpread.whenUnsatisfiable }}
    # Pods of an older revision must not affect the placement of newer ones.
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels: {{- include "microservice.selectorLabels" . | nindent 8 }}
{{- end }}
{{- end }}
