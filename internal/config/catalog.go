package config

import (
	_ "embed"
	"encoding/json"
	"maps"
	"sync"
)

//go:embed catalog.json
var catalogText []byte

// catalogFile is catalog.json as internal/cataloggen writes it.
type catalogFile struct {
	Source    string                           `json:"source"`
	Date      string                           `json:"date"`
	Providers map[string]map[string]catalogRow `json:"providers"`
}

type catalogRow struct {
	Context  int     `json:"context"`
	Vision   bool    `json:"vision"`
	In       float64 `json:"in"`
	Out      float64 `json:"out"`
	CachedIn float64 `json:"cached_in"`
}

// catalog reads the embedded data once, when it is first asked for, and lays
// the overrides over it.
var catalog = sync.OnceValue(func() map[string]map[string]ModelInfo {
	var file catalogFile
	if err := json.Unmarshal(catalogText, &file); err != nil {
		panic("config: catalog.json is damaged: " + err.Error()) // a test reads it
	}
	all := make(map[string]map[string]ModelInfo, len(file.Providers))
	for provider, rows := range file.Providers {
		models := make(map[string]ModelInfo, len(rows))
		for id, r := range rows {
			models[id] = ModelInfo{
				Context: r.Context, Vision: r.Vision,
				In: r.In, Out: r.Out, CachedIn: r.CachedIn,
				Priced: r.In > 0 || r.Out > 0,
			}
		}
		all[provider] = models
	}
	for i := range overrides {
		o := &overrides[i]
		if all[o.provider] == nil {
			all[o.provider] = map[string]ModelInfo{}
		}
		all[o.provider][o.id] = o.info
	}
	return all
})

// Catalog gives what is known of a vendor's models by id: "cerebras",
// "synthetic", "zai", and "anthropic", whose prices are there to compare with.
// The map is the caller's own; it is empty for an unknown vendor.
func Catalog(vendor string) map[string]ModelInfo {
	models := maps.Clone(catalog()[vendor])
	if models == nil {
		models = map[string]ModelInfo{}
	}
	return models
}

// CatalogSource says where [Catalog]'s figures come from and of which day they
// are, for people: "charm.land/catwalk v0.52.18, 2026-08-31". Single rows may be
// newer.
func CatalogSource() string {
	var head struct{ Source, Date string }
	if err := json.Unmarshal(catalogText, &head); err != nil {
		return ""
	}
	return head.Source + ", " + head.Date
}
