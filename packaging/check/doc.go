// Command check decodes Kubernetes manifests into the types that the API server
// and the Prometheus operator decode into, and Grafana boards into Grafana's, and
// refuses fields that they do not know:
//
//	go run . ../kubernetes/*.yaml ../grafana/*.json
//
// It is a module of its own, so that the program's has nothing of Kubernetes or Grafana.
package main
