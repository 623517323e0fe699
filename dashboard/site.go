package dashboard

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
)

const (
	indexFile       = "index.html"
	placeholderFile = "placeholder.html"
	root            = "dist"

	// contentSecurityPolicy allows nothing from another host, no inline script and no inline
	// style sheet. Styles that the components set on elements go through the CSSOM, which a
	// policy doesn't restrict; data: images are the icons inside the style sheets.
	contentSecurityPolicy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

type encoding struct{ name, suffix string }

// encodings lists the precompressed variants of a file, the preferred one first.
func encodings() [2]encoding { return [...]encoding{{"br", ".br"}, {"gzip", ".gz"}} }

// variant is one encoding of a file.
type variant struct {
	body []byte
	etag string
}

// file is a file of the build.
type file struct {
	contentType string
	immutable   bool
	variants    map[string]variant // by Content-Encoding; "" is the file itself
}

// site is the build, held in memory.
type site struct {
	files map[string]file // by path below the root, without a leading slash
	index string          // what a navigation gets
	err   error           // the build could not be read
}

func newSite(fsys fs.FS) *site {
	s := &site{files: map[string]file{}, index: placeholderFile}
	s.err = fs.WalkDir(fsys, root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		s.add(strings.TrimPrefix(name, root+"/"), body)
		return nil
	})
	if _, built := s.files[indexFile]; built {
		s.index = indexFile
	}
	return s
}

func (s *site) add(name string, body []byte) {
	coding := ""
	for _, e := range encodings() {
		if base, found := strings.CutSuffix(name, e.suffix); found {
			name, coding = base, e.name
		}
	}
	f, known := s.files[name]
	if !known {
		f = file{contentType: contentType(name), immutable: strings.HasPrefix(name, "assets/"), variants: map[string]variant{}}
	}
	sum := sha256.Sum256(body)
	f.variants[coding] = variant{body: body, etag: strconv.Quote(hex.EncodeToString(sum[:12]))}
	s.files[name] = f
}

// contentType names the types of a build itself: mime reads the machine's tables, which differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if known := mime.TypeByExtension(path.Ext(name)); known != "" {
		return known
	}
	return "application/octet-stream"
}

// ServeHTTP implements http.Handler.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setSecurityHeaders(w.Header())
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	f, found := s.files[name]
	switch {
	case isAPI(name):
		problem.Write(w, errcode.New(errcode.NotFound, "there is no %s %s", r.Method, r.URL.Path))
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the dashboard is read with GET", http.StatusMethodNotAllowed)
	case s.err != nil:
		problem.Write(w, errcode.New(errcode.Internal, "read the dashboard: %w", s.err))
	case found && name != placeholderFile && name != indexFile:
		f.serve(w, r)
	case isNavigation(r, name):
		s.files[s.index].serve(w, r)
	default:
		http.Error(w, "no such file", http.StatusNotFound)
	}
}

func setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	// Not even the origin goes to another host; the one-time login link is in a URL.
	h.Set("Referrer-Policy", "same-origin")
}

// isAPI says whether a path belongs to the API, where a typing error must not be answered with
// a page.
func isAPI(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first == "v1" || first == "api"
}

// isNavigation says whether a browser asks for a page, rather than for a file that is missing.
func isNavigation(r *http.Request, name string) bool {
	if strings.HasPrefix(name, "assets/") {
		return false
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "text/html") || name == "" || (path.Ext(name) == "" && (accept == "" || accept == "*/*"))
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	coding := f.negotiate(r.Header.Get("Accept-Encoding"))
	v, found := f.variants[coding]
	if !found {
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", v.etag)
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	// The names of assets hold a hash of their content. Everything else keeps its name from one
	// version to the next, so browsers ask each time and mostly get 304.
	h.Set("Cache-Control", "no-cache")
	if f.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(v.body))
}

// negotiate picks the first of encodings that the client takes and the build has.
func (f file) negotiate(accept string) string {
	accepted := map[string]bool{}
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		accepted[strings.ToLower(strings.TrimSpace(name))] = !refuses(params)
	}
	for _, e := range encodings() {
		if _, have := f.variants[e.name]; have && accepted[e.name] {
			return e.name
		}
	}
	return ""
}

// refuses says whether the parameters of an encoding hold q=0.
func refuses(params string) bool {
	_, value, found := strings.Cut(params, "q=")
	if !found {
		return false
	}
	weight, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return err == nil && weight == 0
}
