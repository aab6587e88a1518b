{{/* The container of mutexd: of the Deployment, and with mode sidecar of the pods of another chart. */}}
{{- define "mutexd.container" -}}
{{- include "mutexd.check" . -}}
name: mutexd
image: {{ include "mutexd.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [--config, /etc/mutexd/mutexd.toml]
{{- if eq .Values.mode "sidecar" }}
# Starts before the app and ends after it.
restartPolicy: Always
{{- end }}
ports:
{{- if eq .Values.mode "service" }}
  - {name: grpc, containerPort: {{ .Values.service.port }}, protocol: TCP}
{{- end }}
  - {name: metrics, containerPort: {{ .Values.management.port }}, protocol: TCP}
startupProbe:
  httpGet: {path: /readyz, port: metrics}
  periodSeconds: 1
  failureThreshold: 30
readinessProbe:
  httpGet: {path: /readyz, port: metrics}
  periodSeconds: 5
  failureThreshold: 2
livenessProbe:
  httpGet: {path: /healthz, port: metrics}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- if eq .Values.mode "service" }}
lifecycle:
  preStop:
    sleep: {seconds: {{ .Values.preStopSeconds }}}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
  privileged: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
volumeMounts:
  # Folders, not files: those mounted by themselves never change. None inside another, which is read-only.
  - {name: mutexd-config, mountPath: /etc/mutexd, readOnly: true}
  - {name: mutexd-state, mountPath: /var/lib/mutexd}
{{- if include "mutexd.usesKey" . }}
  - {name: mutexd-key, mountPath: /etc/mutexd-key, readOnly: true}
{{- end }}
{{- if include "mutexd.usesTls" . }}
  - {name: mutexd-tls, mountPath: /etc/mutexd-tls, readOnly: true}
{{- if .Values.tls.clientCertificates }}
  - {name: mutexd-client-ca, mountPath: /etc/mutexd-client-ca, readOnly: true}
{{- end }}
{{- end }}
{{- if eq .Values.mode "sidecar" }}
  {{- include "mutexd.socketMount" . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The volumes that the container mounts. */}}
{{- define "mutexd.volumes" -}}
- name: mutexd-config
  projected:
    sources:
      - configMap: {name: {{ include "mutexd.fullname" . }}}
# Keeps the day's quota when the container starts anew.
- name: mutexd-state
  emptyDir: {sizeLimit: 16Mi}
{{- if include "mutexd.usesKey" . }}
- name: mutexd-key
  secret:
    secretName: {{ .Values.amplitude.keySecret.name }}
    defaultMode: 0440
    items: [{key: {{ .Values.amplitude.keySecret.key }}, path: {{ .Values.amplitude.keySecret.key }}}]
{{- end }}
{{- if include "mutexd.usesTls" . }}
- name: mutexd-tls
  secret:
    secretName: {{ .Values.tls.secretName }}
    defaultMode: 0440
    items: [{key: tls.crt, path: tls.crt}, {key: tls.key, path: tls.key}]
{{- if .Values.tls.clientCertificates }}
- name: mutexd-client-ca
  secret:
    secretName: {{ include "mutexd.clientCaSecretName" . }}
    defaultMode: 0440
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}
{{- end }}
{{- if eq .Values.mode "sidecar" }}
- name: mutexd-socket
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
{{- end }}
{{- end }}

{{/* What the app's container mounts to reach the socket of its sidecar. */}}
{{- define "mutexd.socketMount" -}}
- {name: mutexd-socket, mountPath: {{ dir .Values.sidecar.socketPath }}}
{{- end }}

{{/* The address that the app's gRPC client is given. */}}
{{- define "mutexd.socketAddress" -}}
unix:{{ .Values.sidecar.socketPath }}
{{- end }}
