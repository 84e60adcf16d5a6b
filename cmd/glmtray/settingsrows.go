//go:build !headless

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/ui"
	"github.com/glmtray/glmtray/internal/ui/state"
)

// settingRow is one line of the settings page.
type settingRow struct {
	name    string // as in settings.toml
	kind    string
	options []string // of a choice
	restart bool     // in force after a restart only
	value   func(*config.Settings) string
}

func boolRow(name string, get func(*config.Settings) bool) settingRow {
	return settingRow{name: name, kind: "bool", value: func(s *config.Settings) string { return strconv.FormatBool(get(s)) }}
}

func timeRow(name string, get func(*config.Settings) time.Duration) settingRow {
	return settingRow{name: name, kind: "duration", value: func(s *config.Settings) string { return span(get(s)) }}
}

// span writes 1m0s as 1m, and 336h as 14d.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// atMost writes a time for people: 14 days.
func atMost(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return state.TrN(int(d/day), "{{.Count}} day", "{{.Count}} days")
	}
	return span(d)
}

func textRow(name string, get func(*config.Settings) string) settingRow {
	return settingRow{name: name, kind: "text", value: get}
}

func numberRow(name string, get func(*config.Settings) int) settingRow {
	return settingRow{name: name, kind: "number", value: func(s *config.Settings) string { return strconv.Itoa(get(s)) }}
}

// afterRestart is a row whose value is in force after a restart only.
func afterRestart(r settingRow) settingRow {
	r.restart = true
	return r
}

// settingRows are the settings that the window shows; the file has more.
var settingRows = []settingRow{
	boolRow("close_to_tray", func(s *config.Settings) bool { return s.CloseToTray }),
	boolRow("start_in_tray", func(s *config.Settings) bool { return s.StartInTray }),
	afterRestart(textRow("addr", func(s *config.Settings) string { return s.Addr })),
	boolRow("require_client_key", func(s *config.Settings) bool { return s.RequireClientKey }),
	afterRestart(numberRow("max_workers", func(s *config.Settings) int { return s.MaxWorkers })),
	boolRow("same_family_first", func(s *config.Settings) bool { return s.SameFamilyFirst }),
	boolRow("fallback_on_cooldown", func(s *config.Settings) bool { return s.FallbackOnCooldown }),
	boolRow("continue_streams", func(s *config.Settings) bool { return s.ContinueStreams }),
	numberRow("token_threshold", func(s *config.Settings) int { return s.TokenThreshold }),
	timeRow("cooldown", func(s *config.Settings) time.Duration { return s.Cooldown }),
	timeRow("max_wait", func(s *config.Settings) time.Duration { return s.MaxWait }),
	boolRow("log_requests", func(s *config.Settings) bool { return s.LogRequests }),
	timeRow("log_max_age", func(s *config.Settings) time.Duration { return s.LogMaxAge }),
	{name: "log_level", kind: "choice", options: []string{"debug", "info", "warn", "error"}, value: func(s *config.Settings) string { return s.LogLevel }},
	textRow("proxy", func(s *config.Settings) string { return s.Proxy }),
	textRow("ca_file", func(s *config.Settings) string { return s.CAFile }),
	boolRow("notify_cooling", func(s *config.Settings) bool { return s.Notify.Cooling }),
	boolRow("notify_rejected", func(s *config.Settings) bool { return s.Notify.Rejected }),
	boolRow("notify_fallback", func(s *config.Settings) bool { return s.Notify.Fallback }),
	boolRow("notify_models", func(s *config.Settings) bool { return s.Notify.Models }),
	boolRow("notify_family", func(s *config.Settings) bool { return s.Notify.Family }),
	boolRow("notify_quota", func(s *config.Settings) bool { return s.Notify.Quota }),
}

// startAtLogin is a setting that no file of ours has: the system's own list of
// what to start is the truth.
const startAtLogin = "start_at_login"

// wishes are the settings as they stand, without asking the keychain. The error
// is for people.
func (d *desktop) wishes(ctx context.Context) (*config.Settings, error) {
	load := d.e.loadOptions(d.opt)
	load.Keychain = noKeychain{}
	s, err := config.Load(ctx, load)
	switch {
	case errors.Is(err, config.ErrInvalid):
		return nil, fmt.Errorf("%s (%s)", problemWords(err), wayOut(err))
	case err != nil:
		return nil, shown(err)
	}
	return d.opt.wish(s), nil
}

// Settings implements ui.Backend.
func (d *desktop) Settings(ctx context.Context) ([]state.Setting, error) {
	s, err := d.wishes(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]state.Setting, 0, len(settingRows)+1)
	for i := range settingRows {
		row := &settingRows[i]
		origin := s.Origins[row.name]
		out = append(out, state.Setting{
			Name: row.name, Value: row.value(s), Origin: string(origin), Fixed: !editable(s, origin),
			Kind: row.kind, Options: row.options, Restart: row.restart,
		})
	}
	login := state.Setting{Name: startAtLogin, Kind: "bool", Value: "false", Origin: "this system"}
	on, err := startsAtLogin(d.e)
	if err != nil {
		login.Fixed, login.Origin = true, err.Error()
	}
	login.Value = strconv.FormatBool(on)
	return append(out, login), nil
}

// editable reports whether the file, which the window writes, has the last word.
func editable(s *config.Settings, origin config.Origin) bool {
	return origin == "" || origin == config.FromDefault ||
		strings.HasPrefix(string(origin), filepath.Base(s.ConfigFile)+":")
}

// Check implements ui.Backend.
func (d *desktop) Check(name, value string) error {
	if name == startAtLogin || value == "" {
		return nil
	}
	return shown(config.CheckScalar(name, value))
}

// Set implements ui.Backend.
func (d *desktop) Set(ctx context.Context, name, value string) error {
	if name == startAtLogin {
		on, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New(state.Tr("{{.Setting}}: must be true or false", "Setting", name))
		}
		return d.startAtLogin(on)
	}
	return d.in(ctx, func(r *keyRoom) error {
		change := func(doc *config.Doc) error { return doc.SetScalar(name, value) }
		if value == "" {
			change = func(doc *config.Doc) error { return doc.DropScalar(name) }
		}
		if err := r.edit(change); err != nil {
			return err
		}
		r.poke()
		return nil
	})
}

// Facts that are remembered about questions.
const factStart = "answer start"

// Questions implements ui.Backend. It waits until it is known what is there.
func (d *desktop) Questions() []ui.Question {
	select {
	case <-d.begun:
	case <-d.e.ctx.Done():
	}
	a := d.app.Load()
	if a == nil {
		return nil
	}
	var out []ui.Question
	_, answered, err := a.store.Recall(d.e.ctx, factStart)
	if a.settings().Demo && err == nil && !answered {
		out = append(out, ui.Question{
			ID: "start", Text: state.Tr("There is no provider key yet. How do you want to begin?"),
			Options: []ui.Option{{ID: "demo", Text: state.Tr("Look around with the demo")}, {ID: "key", Text: state.Tr("Add a key")}},
		})
	}
	if a.settings().Origins["log_requests"] == config.FromDefault {
		out = append(out, ui.Question{
			ID: "bodies",
			Text: state.Tr("May glmtray keep the text of requests and answers in files on this computer? They help to find out what went wrong; keys are taken out. " +
				"Without files, the last 200 requests stay in memory for this window, and are gone when glmtray ends."),
			Options: []ui.Option{
				{ID: "no", Text: state.Tr("Keep no files")}, {ID: "yes", Text: state.Tr("Keep them, for {{.Time}} at most", "Time", atMost(a.settings().LogMaxAge))},
			},
		})
	}
	return out
}

// Answer implements ui.Backend.
func (d *desktop) Answer(ctx context.Context, question, answer string) error {
	switch question {
	case "bodies":
		return d.Set(ctx, "log_requests", strconv.FormatBool(answer == "yes"))
	case "start":
		a := d.app.Load()
		if a == nil {
			return errNotServing
		}
		return a.store.Remember(ctx, factStart, answer, time.Time{})
	}
	return state.Error("there is no such question")
}
