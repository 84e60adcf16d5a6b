package proxy

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/proxy/chat"
	"github.com/glmtray/glmtray/internal/proxy/dialect"
)

// ControlHeader carries the token that /_control wants. A page in a browser
// cannot set it without asking first, and glmtray never says yes.
const ControlHeader = "X-Glmtray-Control"

// ProviderHeader pins one request to a provider, as [Server.Pin] does all of
// them. It counts beside the control token alone: a person's click sends it.
const ProviderHeader = "X-Glmtray-Provider"

// Raise is the state of an [event.ServerChanged] that asks the window, if there
// is one, to show itself. It changes nothing else.
const Raise = "raise"

// control carries out a person's verbs for the command line:
//
//	POST /_control/pause, resume, reload
//	POST /_control/pin?provider=zai&for=15m, unpin
//	POST /_control/keys/PROVIDER/NAME/park|enable|clear|probe
//	POST /_control/clients   (the clients' keys were changed)
//	POST /_control/raise     (shows the window, if there is one)
//	POST /_control/explain   (a request body; nothing is sent; ?in=60s looks ahead)
func (s *Server) control(w http.ResponseWriter, r *http.Request, path string) {
	if !s.controls(r) {
		writeError(w, dialect.OpenAI, "", &chat.Error{
			Status: http.StatusForbidden, Type: "invalid_request_error", Code: "control_token",
			Message: "this needs the running program's control token",
			Hint:    "use the glmtray command; it finds the token in the data folder",
		})
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		writeError(w, dialect.OpenAI, "", &chat.Error{Status: http.StatusMethodNotAllowed, Type: "invalid_request_error", Code: "method", Message: "only POST is known here"})
		return
	}
	if path == "explain" {
		s.controlExplain(w, r)
		return
	}
	if err := s.carryOut(r, path); err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, errNoVerb) {
			status = http.StatusNotFound
		}
		writeError(w, dialect.OpenAI, "", &chat.Error{Status: status, Type: "invalid_request_error", Code: "control", Message: s.opt.Scrub.Text(err.Error())})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "done"})
}

// controls reports whether a request comes from a command of the user who runs
// this proxy.
func (s *Server) controls(r *http.Request) bool {
	token := r.Header.Get(ControlHeader)
	return s.opt.Control != "" && subtle.ConstantTimeCompare([]byte(token), []byte(s.opt.Control)) == 1
}

var errNoVerb = errors.New("no such verb")

func (s *Server) carryOut(r *http.Request, path string) error {
	switch path {
	case "pause":
		s.Pause()
		return nil
	case "resume":
		s.Resume()
		return nil
	case "raise":
		s.opt.Bus.Publish(event.ServerChanged{Time: time.Now(), State: Raise})
		return nil
	case "unpin":
		return s.Pin("", 0)
	case "pin":
		d, err := time.ParseDuration(r.URL.Query().Get("for"))
		if err != nil {
			return err
		}
		return s.Pin(r.URL.Query().Get("provider"), d)
	case "reload":
		return again(r, s.opt.Reload)
	case "clients":
		return again(r, s.opt.Renew)
	}
	parts := strings.Split(path, "/")
	if len(parts) == 4 && parts[0] == "keys" {
		name, err := url.PathUnescape(parts[2]) // the environment may give any name
		if err != nil {
			return errNoVerb
		}
		return s.keyVerb(r, parts[1], name, parts[3])
	}
	return errNoVerb
}

// again has something read again, by whoever keeps it.
func again(r *http.Request, read func(context.Context) error) error {
	if read == nil {
		return errNoVerb
	}
	return read(r.Context())
}

func (s *Server) keyVerb(r *http.Request, provider, name, verb string) error {
	switch verb {
	case "park":
		return s.opt.Pool.Park(provider, name, cmp.Or(r.URL.Query().Get("why"), "parked by hand"))
	case "enable":
		return s.opt.Pool.Enable(provider, name)
	case "clear":
		return s.opt.Pool.Clear(provider, name)
	case "probe":
		return s.Probe(r.Context(), provider, name)
	}
	return errNoVerb
}

func (s *Server) controlExplain(w http.ResponseWriter, r *http.Request) {
	var in time.Duration
	if text := r.URL.Query().Get("in"); text != "" {
		var err error
		if in, err = time.ParseDuration(text); err != nil {
			writeError(w, dialect.OpenAI, "", &chat.Error{Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "control", Message: "in: " + err.Error()})
			return
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.Settings().MaxBody))
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		writeError(w, dialect.OpenAI, "", tooLarge(large.Limit))
		return
	} else if err != nil {
		return // the command was ended
	}
	x, e := s.Explain(body, in)
	if e != nil {
		writeError(w, dialect.OpenAI, "", e)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(x) // the command may have been ended
}
