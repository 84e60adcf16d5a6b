package state

import "strings"

// Curl is the request as a command that sends it again, to base. The key is
// left out: a variable stands in its place.
func (x *Exchange) Curl(base string) string {
	parts := []string{"curl " + quoteShell(strings.TrimSuffix(base, "/")+x.Path)}
	if x.Method != "" && x.Method != "POST" {
		parts[0] += " -X " + x.Method
	}
	parts = append(parts, "-H 'Content-Type: application/json'")
	if strings.HasSuffix(x.Path, "/messages") {
		parts = append(parts, "-H 'anthropic-version: 2023-06-01'", `-H "x-api-key: $GLMTRAY_CLIENT_KEY"`)
	} else {
		parts = append(parts, `-H "Authorization: Bearer $GLMTRAY_CLIENT_KEY"`)
	}
	if x.Sent.Text != "" {
		parts = append(parts, "--data-binary "+quoteShell(x.Sent.Text))
	}
	return strings.Join(parts, " \\\n  ") + "\n"
}

func quoteShell(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
