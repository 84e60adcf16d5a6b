package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"sync"
	"time"
)

//go:embed static
var static embed.FS

// file is one file of the page.
type file struct {
	body      []byte
	kind, tag string
}

// kinds are the files that are served. The system's own table of kinds is not
// asked: on some it is wrong.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".png": "image/png", "": "text/plain; charset=utf-8", // LICENSE
}

var files = sync.OnceValue(func() map[string]file {
	all := map[string]file{}
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		kind, served := kinds[path.Ext(name)]
		if err != nil || d.IsDir() || !served {
			return err
		}
		body, err := static.ReadFile(name)
		sum := sha256.Sum256(body)
		all["/"+name] = file{body, kind, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
		return err
	})
	if err != nil {
		panic(err) // they are part of the program
	}
	all["/"] = all["/static/index.html"]
	return all
})

// policy lets the page run its own files and talk to its own server. Charts set
// styles from their script, which no policy has a say in.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Serve answers a request for a file of the page; name is its path below the
// page's own: "", "/", "/static/app.js".
func Serve(w http.ResponseWriter, r *http.Request, name string) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "this is a page: GET it", http.StatusMethodNotAllowed)
		return
	}
	if name == "" {
		http.Redirect(w, r, "/_ui/", http.StatusMovedPermanently)
		return
	}
	f, ok := files()[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-cache") // asked for again with its tag, so that a new version shows at once
	h.Set("Etag", f.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}
