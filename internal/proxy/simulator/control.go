package simulator

import (
	"encoding/json"
	"net/http"
)

// serveControl lets another process drive the provider:
//
//	POST /_sim/script  a Script as JSON
//	POST /_sim/faults  a list of Fault as JSON
//	GET  /_sim/calls   the call log
//	POST /_sim/reset   as Reset
//
// Requests from a browser page are refused: the listener is on loopback, where
// any page may send.
func (p *Provider) serveControl(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") != "" {
		http.Error(w, "not for browsers", http.StatusForbidden)
		return
	}
	var err error
	switch r.Method + " " + r.URL.Path {
	case "POST /_sim/script":
		var s Script
		if err = decode(w, r, &s); err == nil {
			err = p.SetScript(s)
		}
	case "POST /_sim/faults":
		var list []Fault
		if err = decode(w, r, &list); err == nil {
			err = p.SetFaults(list...)
		}
	case "GET /_sim/calls":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(encode(p.Calls())) // a client that is gone
		return
	case "POST /_sim/reset":
		p.Reset()
	default:
		http.NotFound(w, r)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func decode(w http.ResponseWriter, r *http.Request, v any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
