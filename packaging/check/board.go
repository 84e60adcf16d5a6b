package main

import (
	"encoding/json"
	"errors"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// checkBoard decodes a Grafana board into Grafana's own types, those of its panels and
// queries included.
func checkBoard(text []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	for _, name := range []string{"__inputs", "__requires"} {
		if fields[name] == nil {
			return errors.New(name + " is missing, so the import does not ask for a data source")
		}
		delete(fields, name) // the import takes them off
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	plugins.RegisterDefaultPlugins()
	// The form that Grafana 10 to 12 import; dashboardv2 is that of newer ones. Where
	// nothing is wrong its error is an empty list.
	var board dashboard.Dashboard
	if err := board.UnmarshalJSONStrict(text); err != nil && err.Error() != "" {
		return err
	}
	return board.Validate()
}
