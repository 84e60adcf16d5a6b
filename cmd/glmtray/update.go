package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/lazy"
)

type updateCmd struct {
	Check bool `name:"check" required:"" help:"Ask GitHub for the latest release. Nothing is downloaded, and nothing is told but the program's name."`
	JSON  bool `name:"json" help:"As JSON."`
}

// Help is the rest of --help.
func (*updateCmd) Help() string {
	return `This is the one time that glmtray asks anybody but your providers for something. It goes out as the settings say (proxy,
ca_file). A new version is installed the way the old one was.`
}

// updateLimit bounds the question.
const updateLimit = 15 * time.Second

// update is what `update --check` tells.
type update struct {
	Version string    `json:"version"`          // that asks
	Latest  string    `json:"latest,omitempty"` // "": there is no release yet
	Date    time.Time `json:"date,omitzero"`
	URL     string    `json:"url,omitempty"`
	Newer   bool      `json:"newer"` // the latest is newer than the one that asks
}

// Run asks once.
func (c *updateCmd) Run(e *env) error {
	u, err := e.checkUpdate()
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(e.stdout, u)
	}
	switch {
	case u.Latest == "":
		_, err = fmt.Fprintf(e.stdout, "glmtray %s; there is no release yet.\n", u.Version)
	case u.Newer:
		_, err = fmt.Fprintf(e.stdout, "glmtray %s is out since %s; this is %s. %s\n", u.Latest, u.Date.Format(time.DateOnly), u.Version, u.URL)
	default:
		_, err = fmt.Fprintf(e.stdout, "glmtray %s is up to date; the latest release is %s.\n", u.Version, u.Latest)
	}
	return err
}

func (e *env) checkUpdate() (update, error) {
	settings, err := loadSettings(e.ctx, e.loadOptions(appOptions{forceDemo: true}), appOptions{})
	if err != nil {
		return update{}, err
	}
	sender, err := (&doctor{settings: settings}).sender()
	if err != nil {
		return update{}, err
	}
	ctx, cancel := context.WithTimeout(e.ctx, updateLimit)
	defer cancel()
	u, err := latestRelease(ctx, sender.Client(updateLimit), repository)
	if err != nil {
		return update{}, hint(fmt.Errorf("asking for the latest release: %w", err), "look yourself: "+repository+"/releases")
	}
	return u, nil
}

// latestRelease asks GitHub's API
// (docs.github.com/rest/releases/releases#get-the-latest-release). A repository
// without a release has the answer 404.
func latestRelease(ctx context.Context, client *http.Client, repository string) (update, error) {
	u := update{Version: version}
	api := strings.Replace(repository, "https://github.com/", "https://api.github.com/repos/", 1)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"/releases/latest", nil)
	if err != nil {
		return u, err
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("User-Agent", "glmtray") // GitHub refuses requests without
	resp, err := client.Do(req)
	if err != nil {
		return u, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusNotFound {
		return u, nil
	}
	if resp.StatusCode != http.StatusOK {
		return u, fmt.Errorf("%s answered %s", req.URL.Host, resp.Status)
	}
	var told struct {
		Tag  string    `json:"tag_name"`
		Date time.Time `json:"published_at"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&told); err != nil {
		return u, fmt.Errorf("reading the answer: %w", err)
	}
	if parseVersion(told.Tag) == nil {
		return u, errors.New("the answer names no version")
	}
	u.Latest, u.Date = strings.TrimPrefix(told.Tag, "v"), told.Date
	u.URL = repository + "/releases/tag/" + told.Tag
	u.Newer = newer(u.Latest, u.Version)
	return u, nil
}

// versionForm is 1.2.3, what git describe makes of commits behind it
// (1.2.3-4-gabcdef), or a version that leads to it (1.2.3-rc.1).
var versionForm = lazy.Regexp(`^v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:-(\d+-g[0-9a-f]+(?:-dirty)?|dirty)|(-[0-9A-Za-z.-]+))?$`)

// parseVersion gives what versions are ordered by: the three numbers, and 0 for
// one that leads to that release, 1 for itself, 2 for commits behind it. nil: it
// is no version.
func parseVersion(text string) []int {
	m := versionForm().FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	order := make([]int, 0, 4)
	for _, digits := range m[1:4] {
		n, _ := strconv.Atoi(digits) // six digits fit
		order = append(order, n)
	}
	switch {
	case m[5] != "":
		return append(order, 0)
	case m[4] != "":
		return append(order, 2)
	}
	return append(order, 1)
}

// newer reports whether a release is newer than the version that runs. Of two
// that lead to the same release neither is.
func newer(release, running string) bool {
	return slices.Compare(parseVersion(release), parseVersion(running)) > 0
}
