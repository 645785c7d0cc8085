{{- define "star.labels" -}}
app.kubernetes.io/name: star
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "star.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{/* What every container of the engine is allowed. */}}
{{- define "star.container" -}}
image: {{ include "star.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "star.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The settings of all parts. */}}
{{- define "star.environment" -}}
- {name: STAR_BUS, value: kafka}
- {name: STAR_KAFKA_BOOTSTRAP, value: {{ required "kafka.bootstrap names no broker" .Values.kafka.bootstrap | quote }}}
- {name: STAR_KAFKA_PARTITIONS, value: {{ .Values.kafka.partitions | quote }}}
- {name: STAR_KAFKA_SECURITY, value: {{ .Values.kafka.security }}}
{{- if .Values.kafka.secret }}
- {name: STAR_KAFKA_USER, valueFrom: {secretKeyRef: {name: {{ .Values.kafka.secret }}, key: user}}}
- {name: STAR_KAFKA_PASSWORD_FILE, value: /run/secrets/star/kafka/password}
{{- end }}
- {name: STAR_OIDC_ISSUER, value: {{ required "oidc.issuer names no issuer of tokens" .Values.oidc.issuer | quote }}}
- {name: STAR_OIDC_AUDIENCE, value: {{ .Values.oidc.audience | quote }}}
{{- range $name, $value := .Values.settings }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{/* A mounted secret: what a part needs of it and no more. */}}
{{- define "star.secret" -}}
- name: {{ .mount }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
    items:
    {{- range .keys }}
      - {key: {{ . }}, path: {{ . }}}
    {{- end }}
{{- end }}

{{- define "star.mount" -}}
- {name: {{ . }}, mountPath: /run/secrets/star/{{ . }}, readOnly: true}
{{- end }}

{{/* The service's own secret and its keys, as YAML; nothing if it has none. */}}
{{- define "star.secretOf" -}}
{{- $values := (index . 0).Values -}}
{{- $service := index . 1 -}}
{{- if eq $service "thresholds" -}}
{secret: {{ $values.thresholds.secret }}, keys: [transfer-key.pem]}
{{- else if eq $service "notifier" -}}
{secret: {{ $values.notifier.secret }}, keys: [secrets-key, smtp-url]}
{{- else if and (eq $service "moe-sync") $values.ministry.secret -}}
{secret: {{ $values.ministry.secret }}, keys: [client-secret]}
{{- else if and (eq $service "console") $values.oidc.consoleSecret -}}
{secret: {{ $values.oidc.consoleSecret }}, keys: [client-secret]}
{{- end -}}
{{- end }}
