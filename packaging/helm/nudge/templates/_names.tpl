{{- define "nudge.name" -}}
{{- if contains "nudge" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-nudge" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "nudge.selector" -}}
app.kubernetes.io/name: nudge
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "nudge.labels" -}}
{{ include "nudge.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end }}

{{/* A key of a ConfigMap has no slash. */}}
{{- define "nudge.key" -}}
{{ . | replace "/" "__" }}
{{- end }}
