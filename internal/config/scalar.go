package config

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// scalar is a setting with one value: a line at the top of settings.toml, a
// variable GLMTRAY_<NAME>, a flag, and for some a predecessor's variable.
type scalar struct {
	name    string
	vars    []string // the predecessors' variables, weaker than GLMTRAY_<NAME>
	allowed string   // after "must be"
	list    bool     // an array of texts; with commas in a variable
	file    bool     // only the file may set it
	loose   bool     // in a predecessor's variable all but "false" and "0" is true
	set     func(s *Settings, v value) bool
	show    func(s *Settings) string // its value, where that can tell nothing about anybody
}

// value is a scalar's value as it was written somewhere.
type value struct {
	text string
	list []string
	dir  string // what relative paths are relative to; "" for the working directory
	home string // what ~ stands for
}

// variable is the name under which the environment sets the scalar.
func (c *scalar) variable() string { return "GLMTRAY_" + strings.ToUpper(c.name) }

// scalars is every such setting, in the order of the documentation.
var scalars = append([]scalar{
	parsed("addr", "an address such as 127.0.0.1:18080", func(s *Settings) *string { return &s.Addr }, parseAddr),
	boolean("allow_remote", func(s *Settings) *bool { return &s.AllowRemote }),
	list("allowed_hosts", "names of hosts", func(s *Settings) *[]string { return &s.AllowedHosts }, notEmpty),
	list("allowed_origins", `origins such as "http://localhost:3000"`, func(s *Settings) *[]string { return &s.AllowedOrigins }, isOrigin),
	boolean("require_client_key", func(s *Settings) *bool { return &s.RequireClientKey }, "ENABLE_INCOMING_AUTH"),
	pathTo("incoming_key_db", func(s *Settings) *string { return &s.IncomingKeyDB }, "INCOMING_KEY_DB"),
	duration("shutdown", func(s *Settings) *time.Duration { return &s.Shutdown }),
	list("aliases", `shell patterns of model names such as "claude-*"`, func(s *Settings) *[]string { return &s.Aliases }, isPattern),
	boolean("same_family_first", func(s *Settings) *bool { return &s.SameFamilyFirst }),
	boolean("fallback_on_cooldown", func(s *Settings) *bool { return &s.FallbackOnCooldown }, "FALLBACK_ON_COOLDOWN"),
	boolean("continue_streams", func(s *Settings) *bool { return &s.ContinueStreams }),
	duration("cooldown", func(s *Settings) *time.Duration { return &s.Cooldown }, "CEREBRAS_COOLDOWN"),
	duration("max_wait", func(s *Settings) *time.Duration { return &s.MaxWait }),
	duration("short_wait", func(s *Settings) *time.Duration { return &s.ShortWait }),
	duration("last_patience", func(s *Settings) *time.Duration { return &s.LastPatience }),
	duration("client_patience", func(s *Settings) *time.Duration { return &s.ClientPatience }),
	whole("token_threshold", 1, func(s *Settings) *int { return &s.TokenThreshold }, "TOKEN_THRESHOLD"),
	whole("max_retries", 0, func(s *Settings) *int { return &s.MaxRetries }, "MAX_RETRIES"),
	whole("max_workers", 1, func(s *Settings) *int { return &s.MaxWorkers }, "MAX_WORKERS"),
	whole("max_queue", 0, func(s *Settings) *int { return &s.MaxQueue }),
	duration("queue_wait", func(s *Settings) *time.Duration { return &s.QueueWait }),
	size("max_body", 1, func(s *Settings) *int64 { return &s.MaxBody }),
	parsed("variant", "a label of letters, digits, - and _", func(s *Settings) *string { return &s.Variant }, parseVariant, "DEPLOYMENT_VARIANT"),
	boolean("log_requests", func(s *Settings) *bool { return &s.LogRequests }, "LOG_REQUESTS"),
	pathTo("log_dir", func(s *Settings) *string { return &s.LogDir }, "LOG_DIR"),
	size("log_max_bytes", 0, func(s *Settings) *int64 { return &s.LogMaxBytes }),
	duration("log_max_age", func(s *Settings) *time.Duration { return &s.LogMaxAge }),
	duration("records_max_age", func(s *Settings) *time.Duration { return &s.RecordsMaxAge }),
	whole("records_max_rows", 0, func(s *Settings) *int { return &s.RecordsMaxRows }),
	size("records_max_bytes", 0, func(s *Settings) *int64 { return &s.RecordsMaxBytes }),
	loose(boolean("token_counting", func(s *Settings) *bool { return &s.TokenCounting }, "TOKEN_COUNTING_ENABLED")),
	parsed("tokenizer_model", "a name", func(s *Settings) *string { return &s.TokenizerModel }, parseLabel, "TOKENIZER_MODEL"),
	shown(parsed("log_level", "debug, info, warn or error", func(s *Settings) *string { return &s.LogLevel }, parseLevel), func(s *Settings) string { return s.LogLevel }),
	parsed("proxy", "a proxy URL such as http://proxy.example:3128 (http, https, socks5)", func(s *Settings) *string { return &s.Proxy }, parseProxy),
	pathTo("ca_file", func(s *Settings) *string { return &s.CAFile }),
	boolean("close_to_tray", func(s *Settings) *bool { return &s.CloseToTray }),
	boolean("start_in_tray", func(s *Settings) *bool { return &s.StartInTray }),
	boolean("notify_cooling", func(s *Settings) *bool { return &s.Notify.Cooling }),
	boolean("notify_rejected", func(s *Settings) *bool { return &s.Notify.Rejected }),
	boolean("notify_fallback", func(s *Settings) *bool { return &s.Notify.Fallback }),
	boolean("notify_models", func(s *Settings) *bool { return &s.Notify.Models }),
	boolean("notify_family", func(s *Settings) *bool { return &s.Notify.Family }),
	boolean("notify_quota", func(s *Settings) *bool { return &s.Notify.Quota }),
	boolean("demo", func(s *Settings) *bool { return &s.mayDemo }),
	fileOnly(boolean("keys_named", func(s *Settings) *bool { return &s.KeysNamed })),
}, limitScalars...)

// scalarNamed finds a scalar by its name in settings.toml.
func scalarNamed(name string) *scalar {
	for i := range scalars {
		if scalars[i].name == name {
			return &scalars[i]
		}
	}
	return nil
}

// CheckScalar says whether text would do as a setting's value, without writing
// it. The error says what is allowed.
func CheckScalar(name, text string) error {
	c := scalarNamed(name)
	if c == nil {
		return Problems{{Field: quote(name), Text: "is no setting"}}
	}
	if !c.set(defaults(""), value{text: text, list: splitList(text)}) {
		return Problems{{Field: name, Text: "must be " + c.allowed}}
	}
	return nil
}

// ScalarNames lists the settings that have one value and can be given as a
// flag's [Options].Flags, as GLMTRAY_<NAME> or to [Doc.SetScalar].
func ScalarNames() []string {
	names := make([]string, len(scalars))
	for i := range scalars {
		names[i] = scalars[i].name
	}
	return names
}

// defaults are the settings of a new installation.
func defaults(dataDir string) *Settings {
	return &Settings{
		Addr:               "127.0.0.1:18080",
		Shutdown:           30 * time.Second,
		Providers:          Presets(),
		Aliases:            DefaultAliases(),
		FallbackOnCooldown: true,
		Cooldown:           60 * time.Second,
		Quotas:             Quotas{Every: 2 * LeastQuotaPoll, Timeout: 10 * time.Second},
		MaxWait:            90 * time.Second,
		ShortWait:          3 * time.Second,
		LastPatience:       120 * time.Second,
		ClientPatience:     2 * time.Minute,
		TokenThreshold:     120_000,
		MaxWorkers:         256,
		MaxQueue:           256,
		QueueWait:          30 * time.Second,
		MaxBody:            32 << 20,
		Variant:            DefaultVariant,
		LogRequests:        true,
		LogDir:             filepath.Join(dataDir, "logs"),
		LogMaxBytes:        512 << 20,
		LogMaxAge:          14 * 24 * time.Hour,
		RecordsMaxAge:      90 * 24 * time.Hour,
		RecordsMaxRows:     1_000_000,
		RecordsMaxBytes:    512 << 20,
		TokenCounting:      true,
		TokenizerModel:     "glm-4",
		LogLevel:           "info",
		CloseToTray:        true,
		Notify:             Notify{Cooling: true, Rejected: true, Fallback: true, Models: true, Family: true, Quota: true},
		DataDir:            dataDir,
		Origins:            map[string]Origin{},
		mayDemo:            true,
	}
}

func parsed(name, allowed string, p func(*Settings) *string, parse func(string) (string, bool), vars ...string) scalar {
	return scalar{name: name, vars: vars, allowed: allowed, set: func(s *Settings, v value) bool {
		text, ok := parse(v.text)
		if ok {
			*p(s) = text
		}
		return ok
	}}
}

func boolean(name string, p func(*Settings) *bool, vars ...string) scalar {
	return scalar{name: name, vars: vars, allowed: allowBool, set: func(s *Settings, v value) bool {
		b, ok := parseBool(v.text)
		if ok {
			*p(s) = b
		}
		return ok
	}, show: func(s *Settings) string { return strconv.FormatBool(*p(s)) }}
}

func duration(name string, p func(*Settings) *time.Duration, vars ...string) scalar {
	return scalar{name: name, vars: vars, allowed: allowTime, set: func(s *Settings, v value) bool {
		d, ok := parseTime(v.text)
		if ok {
			*p(s) = d
		}
		return ok
	}, show: func(s *Settings) string { return p(s).String() }}
}

func size(name string, least int64, p func(*Settings) *int64, vars ...string) scalar {
	return scalar{name: name, vars: vars, allowed: allowSize, set: func(s *Settings, v value) bool {
		n, ok := parseSize(v.text)
		if ok && n >= least {
			*p(s) = n
			return true
		}
		return false
	}, show: func(s *Settings) string { return strconv.FormatInt(*p(s), 10) }}
}

func whole(name string, least int, p func(*Settings) *int, vars ...string) scalar {
	const most = 1 << 30
	return scalar{
		name: name, vars: vars, allowed: "a whole number of at least " + strconv.Itoa(least),
		set: func(s *Settings, v value) bool {
			n, err := strconv.Atoi(strings.TrimSpace(v.text))
			if err != nil || n < least || n > most {
				return false
			}
			*p(s) = n
			return true
		},
		show: func(s *Settings) string { return strconv.Itoa(*p(s)) },
	}
}

func list(name, allowed string, p func(*Settings) *[]string, ok func(string) bool, vars ...string) scalar {
	return scalar{name: name, vars: vars, allowed: "a list of " + allowed, list: true, set: func(s *Settings, v value) bool {
		for _, text := range v.list {
			if !ok(text) {
				return false
			}
		}
		*p(s) = v.list
		return true
	}}
}

// pathTo is a file or folder. One that stands in the file is relative to the
// file, since nobody knows from where the program was started.
func pathTo(name string, p func(*Settings) *string, vars ...string) scalar {
	return scalar{name: name, vars: vars, allowed: allowPath, set: func(s *Settings, v value) bool {
		text := v.text
		if text == "" || strings.ContainsRune(text, 0) {
			return false
		}
		if rest, ok := strings.CutPrefix(text, "~/"); ok && v.home != "" {
			text = filepath.Join(v.home, rest)
		}
		if v.dir != "" && !filepath.IsAbs(text) {
			text = filepath.Join(v.dir, text)
		}
		*p(s) = text
		return true
	}}
}

func fileOnly(c scalar) scalar { c.file = true; return c }

// shown is for a text that is one of a few.
func shown(c scalar, show func(*Settings) string) scalar { c.show = show; return c }

// loose is for a variable that zai-proxy read so: everything but "false" and "0"
// switched it on (v1.11.1).
func loose(c scalar) scalar { c.loose = true; return c }

// ofPredecessor is what a predecessor's variable says.
func (c *scalar) ofPredecessor(text string) string {
	if !c.loose {
		return text
	}
	return strconv.FormatBool(text != "false" && text != "0")
}

func parseLabel(text string) (string, bool) {
	text = strings.TrimSpace(text)
	return text, text != "" && len(text) <= 64 && !strings.ContainsFunc(text, isControl)
}

func parseLevel(text string) (string, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	switch text {
	case "debug", "info", "warn", "error":
		return text, true
	}
	return "", false
}

// parseVariant reads a label as metrics want one: short, and the same in every log.
func parseVariant(text string) (string, bool) {
	text = strings.TrimSpace(text)
	strange := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}
	return text, text != "" && len(text) <= quotable && !strings.ContainsFunc(text, strange)
}

func notEmpty(text string) bool {
	return text != "" && !strings.ContainsAny(text, " /") && !strings.ContainsFunc(text, isControl)
}

func isOrigin(text string) bool {
	scheme, host, ok := strings.Cut(text, "://")
	return ok && scheme != "" && notEmpty(host)
}

func isPattern(text string) bool {
	_, bad := badPattern([]string{text})
	return !bad
}

// splitList takes a variable's or flag's list apart at its commas.
func splitList(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
