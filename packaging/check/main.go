package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// kinds are those that we have manifests of.
var kinds = map[string]func() any{
	"v1 Secret":                func() any { return new(core.Secret) },
	"v1 PersistentVolumeClaim": func() any { return new(core.PersistentVolumeClaim) },
	"v1 Service":               func() any { return new(core.Service) },
	"apps/v1 Deployment":       func() any { return new(apps.Deployment) },
	"monitoring.coreos.com/v1 ServiceMonitor": func() any { return new(monitoring.ServiceMonitor) },
}

func main() {
	failed := false
	for _, file := range os.Args[1:] {
		text, err := os.ReadFile(file)
		switch {
		case err != nil:
		case filepath.Ext(file) == ".json":
			err = checkBoard(text)
		default:
			err = check(text)
		}
		if err != nil {
			failed = true
			fmt.Fprintf(os.Stderr, "error: %s: %v\n", file, err)
		}
	}
	if failed || len(os.Args) == 1 {
		os.Exit(1)
	}
}

// check decodes every document of a file.
func check(text []byte) (err error) {
	for i, doc := range bytes.Split(text, []byte("\n---\n")) {
		if e := checkDocument(doc); e != nil {
			err = errors.Join(err, fmt.Errorf("document %d: %w", i+1, e))
		}
	}
	return err
}

func checkDocument(doc []byte) error {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := yaml.Unmarshal(doc, &head); err != nil {
		return err
	}
	kind := head.APIVersion + " " + head.Kind
	newObject, ok := kinds[kind]
	if !ok {
		return fmt.Errorf("%q is no kind that is known here", kind)
	}
	object := newObject()
	if err := yaml.UnmarshalStrict(doc, object); err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	d, ok := object.(*apps.Deployment)
	if !ok {
		return nil
	}
	// What the types cannot say: the Deployment finds its own pods.
	for name, value := range d.Spec.Selector.MatchLabels {
		if d.Spec.Template.Labels[name] != value {
			return fmt.Errorf("%s %s: its selector's label %s is not its pods'", kind, d.Name, name)
		}
	}
	return nil
}
