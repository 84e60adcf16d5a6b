package main

import (
	"github.com/alecthomas/kong"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/manual"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is the rest of --help.
func (*completionCmd) Help() string {
	return `The packages install them; without a package:

bash: glmtray completion bash > ~/.local/share/bash-completion/completions/glmtray

zsh: glmtray completion zsh > a folder of $fpath, as _glmtray

fish: glmtray completion fish > ~/.config/fish/completions/glmtray.fish`
}

// Run prints the completions of a shell.
func (c *completionCmd) Run(e *env, parsed *kong.Context) error {
	return manual.Completion(e.stdout, parsed.Model, c.Shell)
}

type manCmd struct{}

// Run prints the manual page.
func (*manCmd) Run(e *env, parsed *kong.Context) error {
	return manual.Page(e.stdout, parsed.Model, version, manSections())
}

func manSections() []manual.Section {
	environment := manual.Section{Title: "ENVIRONMENT"}
	for _, v := range config.Variables() {
		if v.Honoured {
			environment.Items = append(environment.Items, manual.Item{Term: v.Name, Text: v.Use})
		}
	}
	return []manual.Section{
		environment,
		{Title: "FILES", Items: []manual.Item{
			{Term: "settings.toml", Text: "The settings, in $XDG_CONFIG_HOME/glmtray or ~/.config/glmtray; on macOS in ~/Library/Application Support/glmtray, on Windows in %AppData%\\glmtray. Keys do not stand in it."},
			{Term: "glmtray.db, logs/", Text: "Records and bodies of requests, in $XDG_DATA_HOME/glmtray or ~/.local/share/glmtray; on macOS beside the settings, on Windows in %LocalAppData%\\glmtray."},
		}},
		{Title: "EXIT STATUS", Items: []manual.Item{
			{Term: "0", Text: "It did what it was asked."},
			{Term: "1", Text: "It failed, and said why and what next."},
			{Term: "2", Text: "The command line was not understood."},
		}},
	}
}
