# Certificates and kubeconfigs of a cluster, by openssl, into $PKI. Source it after cluster.sh.
# shellcheck shell=bash disable=SC2034 # names for those that source it

# new_authority NAME
new_authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$PKI/$1.key" -out "$PKI/$1.crt" \
        -subj "/CN=$VMB_NAME-$1" -days 3650 -addext keyUsage=critical,digitalSignature,keyCertSign 2>/dev/null
}

# new_certificate NAME AUTHORITY SUBJECT [ALTERNATIVE_NAMES]: for both ends of TLS.
new_certificate() {
    local name=$1 authority=$2 subject=$3 san=${4:-}
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$PKI/$name.key" -subj "$subject" 2>/dev/null |
        openssl x509 -req -CA "$PKI/$authority.crt" -CAkey "$PKI/$authority.key" -set_serial "0x$(openssl rand -hex 8)" \
            -days 3650 -out "$PKI/$name.crt" -extfile <(
                printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n'
                [ -z "$san" ] || printf 'subjectAltName=%s\n' "$san"
            ) 2>/dev/null
}

# new_kubeconfig NAME SERVER OUT: for the user of the certificate NAME.
new_kubeconfig() {
    cat >"$3" <<CONFIG
apiVersion: v1
kind: Config
clusters:
- name: $VMB_NAME
  cluster:
    server: $2
    certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")
users:
- name: $1
  user:
    client-certificate-data: $(base64 -w0 "$PKI/$1.crt")
    client-key-data: $(base64 -w0 "$PKI/$1.key")
contexts:
- name: $VMB_NAME
  context: {cluster: $VMB_NAME, user: $1}
current-context: $VMB_NAME
CONFIG
}

# new_pki SERVER HOST: everything the control plane needs; SERVER is its URL, HOST its address.
new_pki() {
    local server=$1 host=$2 name san
    san=DNS:localhost,IP:127.0.0.1,IP:$SERVICE_API4,IP:$host
    for name in kubernetes kubernetes.default kubernetes.default.svc kubernetes.default.svc.cluster.local; do
        san+=,DNS:$name
    done
    new_authority ca
    new_authority front-proxy-ca
    new_certificate apiserver ca /CN=kube-apiserver "$san"
    new_certificate apiserver-kubelet-client ca /O=system:masters/CN=kube-apiserver-kubelet-client
    new_certificate front-proxy-client front-proxy-ca /CN=front-proxy-client
    new_certificate admin ca /O=system:masters/CN=kubernetes-admin
    new_kubeconfig admin "$server" "$ADMIN"
    for name in kube-controller-manager kube-scheduler kube-proxy; do
        new_certificate "$name" ca "/CN=system:$name"
        new_kubeconfig "$name" "$server" "$PKI/$name.conf"
    done
    openssl genrsa -out "$PKI/sa.key" 2048 2>/dev/null
    openssl rsa -in "$PKI/sa.key" -pubout -out "$PKI/sa.pub" 2>/dev/null
}

# new_node_pki NUMBER SERVER: one certificate for the kubelet as client and as server.
new_node_pki() {
    local name san
    name=$(node_name "$1")
    san=DNS:$name,IP:$(node_ip4 "$1")
    [ "$DUAL" = no ] || san+=,IP:$(node_ip6 "$1")
    new_certificate "kubelet-$name" ca "/O=system:nodes/CN=system:node:$name" "$san"
    new_kubeconfig "kubelet-$name" "$2" "$PKI/kubelet-$name.conf"
}
