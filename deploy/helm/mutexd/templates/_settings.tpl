{{/* How many processes there can be at most, who divide the project's quota. */}}
{{- define "mutexd.maxProcesses" -}}
{{- if eq .Values.mode "sidecar" -}}
{{ .Values.sidecar.maxPods }}
{{- else if .Values.autoscaling.enabled -}}
{{ .Values.autoscaling.maxReplicas }}
{{- else -}}
{{ max 1 .Values.replicas }}
{{- end }}
{{- end }}

{{/* One process's share of a quota: dict "name" "perDay" "limit" 100000 "processes" 4 */}}
{{- define "mutexd.share" -}}
{{- $share := div (int64 .limit) (int64 .processes) -}}
{{- if lt $share 1 }}
{{- fail (printf "quota.%s: %d requests cannot be divided among %d processes; have fewer of them" .name (int64 .limit) (int64 .processes)) }}
{{- end -}}
{{ $share }}
{{- end }}

{{- define "mutexd.usesKey" -}}
{{- if and (not .Values.sandbox) (eq .Values.credentials "server") }}yes{{ end }}
{{- end }}

{{- define "mutexd.usesTls" -}}
{{- if and .Values.tls.enabled (eq .Values.mode "service") }}yes{{ end }}
{{- end }}

{{- define "mutexd.clientCaSecretName" -}}
{{- default .Values.tls.secretName .Values.tls.clientCaSecretName }}
{{- end }}

{{/* What the values cannot mean; told before anything is rendered. */}}
{{- define "mutexd.check" -}}
{{- if and (include "mutexd.usesKey" .) (not .Values.amplitude.keySecret.name) }}
{{- fail "amplitude.keySecret.name: name the Secret that holds Amplitude's management key, or set sandbox to true" }}
{{- end }}
{{- if and (include "mutexd.usesTls" .) (not .Values.tls.secretName) }}
{{- fail "tls.secretName: name the Secret with tls.crt and tls.key, or set tls.enabled to false where a mesh encrypts" }}
{{- end }}
{{- if and .Values.autoscaling.enabled (lt (int .Values.autoscaling.maxReplicas) (int .Values.autoscaling.minReplicas)) }}
{{- fail "autoscaling.maxReplicas: is below autoscaling.minReplicas" }}
{{- end }}
{{- if and .Values.sandbox .Values.amplitude.url }}
{{- fail "amplitude.url: excludes sandbox" }}
{{- end }}
{{- end }}

{{/* mutexd.toml. What stands in `settings` comes last and must not repeat what the values say. */}}
{{- define "mutexd.settings" -}}
{{- $processes := include "mutexd.maxProcesses" . -}}
{{- $own := dict
  "management" (printf "0.0.0.0:%d" (int .Values.management.port))
  "drain-timeout" (printf "%ds" (int .Values.drainTimeoutSeconds))
  "state-dir" "/var/lib/mutexd"
  "quota-per-second" (include "mutexd.share" (dict "name" "perSecond" "limit" .Values.quota.perSecond "processes" $processes) | int64)
  "quota-per-day" (include "mutexd.share" (dict "name" "perDay" "limit" .Values.quota.perDay "processes" $processes) | int64)
  "quota-write-reserve" .Values.quota.writeReserve -}}
{{- if eq .Values.mode "sidecar" }}
{{- /* The app's user may be another one than mutexd's. */}}
{{- $own = merge $own (dict "listen" (list (printf "unix:%s" .Values.sidecar.socketPath)) "unix-socket-mode" "0666") }}
{{- else }}
{{- $own = merge $own (dict "listen" (list (printf "0.0.0.0:%d" (int .Values.service.port)))) }}
{{- end }}
{{- if .Values.sandbox }}
{{- $own = merge $own (dict "sandbox" true) }}
{{- else if .Values.amplitude.url }}
{{- $own = merge $own (dict "amplitude-url" .Values.amplitude.url) }}
{{- else }}
{{- $own = merge $own (dict "region" .Values.amplitude.region) }}
{{- end }}
{{- if include "mutexd.usesKey" . }}
{{- $own = merge $own (dict "amplitude-key-file" (printf "/etc/mutexd-key/%s" .Values.amplitude.keySecret.key)) }}
{{- else if eq .Values.credentials "caller" }}
{{- $own = merge $own (dict "credentials" "caller") }}
{{- end }}
{{- if include "mutexd.usesTls" . }}
{{- $own = merge $own (dict "tls-cert" "/etc/mutexd-tls/tls.crt" "tls-key" "/etc/mutexd-tls/tls.key") }}
{{- if .Values.tls.clientCertificates }}
{{- $own = merge $own (dict "tls-client-ca" "/etc/mutexd-client-ca/ca.crt") }}
{{- end }}
{{- else if eq .Values.mode "service" }}
{{- $own = merge $own (dict "allow-plaintext" true) }}
{{- end }}
{{- if .Values.authzPolicy }}
{{- $own = merge $own (dict "authz-policy" "/etc/mutexd/policy.toml") }}
{{- end }}
{{- range $name, $value := .Values.settings }}
{{- if hasKey $own $name }}
{{- fail (printf "settings.%s: is made from the chart's other values; change those" $name) }}
{{- end }}
{{- end }}
{{- /* JSON's texts, numbers, switches and lists are TOML's too. */}}
{{- range $name, $value := merge (dict) $own .Values.settings }}
{{ $name }} = {{ toJson $value }}
{{- end }}
{{- end }}
