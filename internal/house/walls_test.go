package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "github.com/glmtray/glmtray"
	root   = "../.."
)

// room says what a package may import.
type room struct {
	may   string // our own packages, without "internal/"; "*" is all of them, "proxy/*" all below
	std   bool   // nothing but the standard library
	later bool   // may not be built yet
}

// walls is the house. The key "x/*" is every package below x that has no row of
// its own.
var walls = map[string]room{
	"event":                        {std: true},
	"secret":                       {std: true},
	"lazy":                         {std: true},
	"hush":                         {std: true},
	"proxy/chat":                   {std: true},
	"config":                       {may: "lazy secret"},
	"config/*":                     {may: "config"}, // generators of its data
	"proxy":                        {may: "proxy/* config event lazy secret"},
	"proxy/dialect":                {may: "proxy/chat"},
	"proxy/roster":                 {may: "config"},
	"proxy/route":                  {may: "config proxy/chat proxy/roster"},
	"proxy/keypool":                {may: "event secret"},
	"proxy/upstream":               {may: "config lazy secret proxy/chat proxy/dialect"},
	"proxy/tokens":                 {may: "proxy/chat"},
	"proxy/metrics":                {may: "event"},
	"proxy/page":                   {std: true},
	"proxy/simulator":              {may: ""}, // shares no code with what it is to test
	"store":                        {may: "event lazy secret"},
	"store/keychain":               {may: "lazy secret"},
	"store/keychain/secretservice": {may: ""}, // for tests alone
	"connect":                      {may: "config lazy"},
	"ui":                           {may: "ui/state event config secret assets", later: true},
	"ui/state":                     {may: "event", later: true},
	"manual":                       {may: ""},
	"assets":                       {std: true},
	"assets/*":                     {std: true}, // the program that draws them
	"house":                        {may: ""},
	"bench":                        {may: "*"},
	"bench/limits":                 {may: ""}, // tests alone
	"bench/growth":                 {may: "bench/splice"},
	"bench/security":               {may: "bench/splice"},
	"bench/splice":                 {may: ""},
	"e2e":                          {may: ""}, // tests alone: they see the program from outside
	"e2e/*":                        {may: ""},
	"packaging":                    {may: ""}, // tests alone
	"cmd/glmtray":                  {may: "*"},
}

// never says which packages must not be reached, by whatever way.
var never = map[string][]string{
	"ui":    {"proxy", "store"},
	"proxy": {"store", "ui"},
	"store": {"proxy", "ui", "config"},
}

// toolkit is the window's; only these may import it.
const toolkit = "fyne.io/"

var windows = []string{"ui", "cmd/glmtray"}

// pkg is what `go list -json` tells of a package.
type pkg struct {
	ImportPath string
	Name       string
	Dir        string
	Standard   bool
	Imports    []string
	Deps       []string
}

// short is a package's name in the tables.
func short(path string) string {
	path = strings.TrimPrefix(path, module+"/")
	return strings.TrimPrefix(path, "internal/")
}

// ours lists the packages of this module, and which packages are the standard
// library's.
func ours(t *testing.T, tags string) (list []pkg, std map[string]bool) {
	t.Helper()
	// -buildvcs=false: a checkout may belong to somebody else.
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-buildvcs=false", "-tags="+tags, "-deps",
		"-json=ImportPath,Name,Dir,Standard,Imports,Deps", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("listing packages: %v\n%s", err, stderr.String())
	}
	std = map[string]bool{}
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list, std
		} else if err != nil {
			t.Fatalf("reading the list of packages: %v", err)
		}
		if p.Standard {
			std[p.ImportPath] = true
		}
		if p.ImportPath == module || strings.HasPrefix(p.ImportPath, module+"/") {
			list = append(list, p)
		}
	}
}

// wallsOf finds a package's row.
func wallsOf(name string) (room, bool) {
	if r, ok := walls[name]; ok {
		return r, true
	}
	for above := name; strings.Contains(above, "/"); {
		above = above[:strings.LastIndex(above, "/")]
		if r, ok := walls[above+"/*"]; ok {
			return r, true
		}
	}
	return room{}, false
}

// allows reports whether a row lets in one of our own packages.
func (r room) allows(name string) bool {
	for _, may := range strings.Fields(r.may) {
		below, all := strings.CutSuffix(may, "*")
		if name == may || (all && strings.HasPrefix(name, below)) {
			return true
		}
	}
	return false
}

func TestNoRoomImportsWhatItsWallsKeepOut(t *testing.T) {
	for _, tags := range []string{"", "headless"} {
		list, std := ours(t, tags)
		for _, p := range list {
			name := short(p.ImportPath)
			r, ok := wallsOf(name)
			if !ok {
				t.Errorf("%s has no walls: give it a row in %s", p.ImportPath, "internal/house/walls_test.go")
				continue
			}
			for _, breach := range breaches(name, r, p, std) {
				t.Error(breach)
			}
		}
	}
}

// breaches says what a package imports, or reaches, that it must not.
func breaches(name string, r room, p pkg, std map[string]bool) (out []string) {
	for _, path := range p.Imports {
		own := strings.HasPrefix(path, module+"/")
		switch {
		case own && !r.allows(short(path)):
			out = append(out, name+" imports "+short(path))
		case !own && r.std && !std[path]:
			out = append(out, name+" imports "+path+", and may know the standard library only")
		case strings.HasPrefix(path, toolkit) && !slices.Contains(windows, name):
			out = append(out, name+" imports "+path+", which belongs to the window")
		}
	}
	for from, kept := range never {
		if !within(name, from) {
			continue
		}
		for _, path := range p.Deps {
			for _, k := range kept {
				if strings.HasPrefix(path, module+"/") && within(short(path), k) {
					out = append(out, name+" reaches "+short(path))
				}
			}
		}
	}
	return out
}

func within(name, above string) bool { return name == above || strings.HasPrefix(name, above+"/") }

func TestTheWallsWouldSeeABreach(t *testing.T) {
	std := map[string]bool{"fmt": true}
	tests := []struct {
		name, from string
		imports    []string
		deps       []string
		want       int
	}{
		{"what is allowed passes", "proxy/route", []string{"fmt", module + "/internal/config", module + "/internal/proxy/chat"}, nil, 0},
		{"a sibling that is not allowed", "proxy/keypool", []string{module + "/internal/proxy/upstream"}, nil, 1},
		{"a room of the proxy is allowed to the proxy", "proxy", []string{module + "/internal/proxy/tokens"}, nil, 0},
		{"a leaf with somebody else's code", "event", []string{"github.com/tidwall/gjson"}, nil, 1},
		{"the toolkit outside the window", "ui/state", []string{"fyne.io/fyne/v2"}, nil, 1},
		{"the toolkit in the window", "ui", []string{"fyne.io/fyne/v2"}, nil, 0},
		{"a way round", "ui", []string{module + "/internal/event"}, []string{module + "/internal/store/keychain"}, 1},
		{"a neighbour with a similar name is not within", "ui", nil, []string{module + "/internal/storefront"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, _ := wallsOf(tt.from)
			if got := breaches(tt.from, r, pkg{Imports: tt.imports, Deps: tt.deps}, std); len(got) != tt.want {
				t.Errorf("breaches %q, want %d", got, tt.want)
			}
		})
	}
}

func TestEveryRoomOfTheTableStands(t *testing.T) {
	list, _ := ours(t, "")
	for name, r := range walls {
		if r.later || strings.HasSuffix(name, "/*") {
			continue
		}
		if !slices.ContainsFunc(list, func(p pkg) bool { return short(p.ImportPath) == name }) {
			t.Errorf("there is no package %s: take its row out of the table", name)
		}
	}
}

func TestAHeadlessProgramNeedsNoWindowAndNoC(t *testing.T) {
	list, _ := ours(t, "headless")
	for _, p := range list {
		if short(p.ImportPath) != "cmd/glmtray" {
			continue
		}
		for _, path := range p.Deps {
			if strings.HasPrefix(path, toolkit) || within(short(path), "ui") {
				t.Errorf("with -tags headless %s is linked", path)
			}
		}
	}
	if testing.Short() {
		t.Skip("-short: the build itself is left out")
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-trimpath", "-tags=headless",
		"-o", filepath.Join(t.TempDir(), "glmtray"), "./cmd/glmtray")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("CGO_ENABLED=0 go build -tags headless: %v\n%s", err, out)
	}
}
