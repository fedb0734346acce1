{{- define "livekit-sfu.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "livekit-sfu.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $full .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "livekit-sfu.selectorLabels" -}}
app.kubernetes.io/name: {{ include "livekit-sfu.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "livekit-sfu.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "livekit-sfu.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "livekit-sfu.serviceAccountName" -}}
{{- .Values.serviceAccount.create | ternary (include "livekit-sfu.fullname" .) "default" | default .Values.serviceAccount.name }}
{{- end }}

{{- define "livekit-sfu.keyFile" -}}
{{- .Values.livekit.key_file | default "/etc/livekit-keys.yaml" }}
{{- end }}

{{- define "livekit-sfu.keysSecret" -}}
{{- tpl .Values.storeKeysInSecret.existingSecret . | default (printf "%s-keys" (include "livekit-sfu.fullname" .)) }}
{{- end }}

{{- define "livekit-sfu.metricsPort" -}}
{{- (.Values.livekit.prometheus | default dict).port | default .Values.livekit.prometheus_port | default "" }}
{{- end }}

{{- /* "yes" where media over TCP comes to the port of the API. */ -}}
{{- define "livekit-sfu.onePort" -}}
{{- if eq (toString (.Values.livekit.rtc | default dict).tcp_port) (toString .Values.livekit.port) }}yes{{ end }}
{{- end }}

{{- /* That of media over TCP, where it has one of its own. */ -}}
{{- define "livekit-sfu.tcpPort" -}}
{{- if not (include "livekit-sfu.onePort" .) }}{{ (.Values.livekit.rtc | default dict).tcp_port | default "" }}{{ end }}
{{- end }}

{{- /* The one port of UDP, where there is one. */ -}}
{{- define "livekit-sfu.udpPort" -}}
{{- $rtc := .Values.livekit.rtc | default dict }}
{{- if not (or $rtc.port_range_start $rtc.force_tcp (contains "-" (toString $rtc.udp_port))) }}{{ $rtc.udp_port | default "" }}{{ end }}
{{- end }}

{{- /* The ports of UDP as people write them: "7882", "50000-60000". */ -}}
{{- define "livekit-sfu.udpPorts" -}}
{{- $rtc := .Values.livekit.rtc | default dict }}
{{- if $rtc.force_tcp }}
{{- else if $rtc.port_range_start }}{{ $rtc.port_range_start }}-{{ $rtc.port_range_end }}
{{- else }}{{ $rtc.udp_port | default "" }}{{ end }}
{{- end }}

{{- /* "yes" where Google's load balancer is before the service. */ -}}
{{- define "livekit-sfu.gke" -}}
{{- if has .Values.loadBalancer.type (list "gke" "gke-managed-cert" "gke-vpc-native" "gclb") }}yes{{ end }}
{{- end }}

{{- /* "yes" where the pod itself has a certificate for TURN. */ -}}
{{- define "livekit-sfu.turnCertificate" -}}
{{- $turn := .Values.livekit.turn | default dict }}
{{- if and $turn.enabled $turn.tls_port (not $turn.external_tls) }}yes{{ end }}
{{- end }}

{{- /* livekit without what is the chart's alone. */ -}}
{{- define "livekit-sfu.configuration" -}}
{{- $config := deepCopy .Values.livekit }}
{{- if $config.turn }}
{{- $_ := set $config "turn" (omit $config.turn "secretName" "serviceType" "loadBalancerAnnotations") }}
{{- end }}
{{- /* LiveKit's own way to say it wins over the default of this chart. */ -}}
{{- if ($config.rtc | default dict).port_range_start }}
{{- $_ := set $config "rtc" (omit $config.rtc "udp_port") }}
{{- end }}
{{- if .Values.storeKeysInSecret.enabled }}
{{- $_ := set $config "key_file" (include "livekit-sfu.keyFile" .) }}
{{- end }}
{{- toYaml $config }}
{{- end }}
