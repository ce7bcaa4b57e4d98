package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

//go:embed pages static
var assets embed.FS

// pages are the templates by name, each with the frame around it.
type pages struct{ all map[string]*template.Template }

// parsePages parses them all, for a console below a prefix.
func parsePages(prefix string) (*pages, error) {
	funcs := template.FuncMap{
		"at":      func(path string) string { return prefix + path },
		"grouped": jobs.Group,
		"count":   jobs.Count[int64],
		"moment":  moment,
		"stamp":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"took":    took,
		"percent": func(part float64) string { return fmt.Sprintf("%.3g%%", part*100) },
		"query":   query,
		"part":    url.PathEscape,
		"rate":    func(f float64) string { return fmt.Sprintf("%.3g", f) },
		"add":     func(a, b int) int { return a + b },
		"clip":    func(s string) string { return s[:min(12, len(s))] },
		"ms":      func(f float64) string { return took(f / 1000) },
	}
	frame, err := template.New("frame.html").Funcs(funcs).ParseFS(assets, "pages/frame.html", "pages/parts.html")
	if err != nil {
		return nil, err
	}
	p := &pages{map[string]*template.Template{}}
	entries, err := assets.ReadDir("pages")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".html")
		if name == "frame" || name == "parts" {
			continue
		}
		t, err := frame.Clone()
		if err == nil {
			_, err = t.ParseFS(assets, "pages/"+e.Name())
		}
		if err != nil {
			return nil, err
		}
		p.all[name] = t
	}
	return p, nil
}

// framed is what every page shows around its own.
type framed struct {
	Title   string
	Here    string // first part of the path
	Actor   service.Actor
	Session bool // there is somebody to sign out
	May     map[string]bool
	Note    string
	Live    string // path of the job's events; empty = the page does not change by itself
	Page    any
}

// show writes a page, whole or not at all.
func (x *exchange) show(status int, name, title string, page any) error {
	all, err := x.pages()
	if err != nil {
		return err
	}
	here, _, _ := strings.Cut(strings.TrimPrefix(x.r.URL.Path, "/"), "/")
	f := framed{
		Title: title, Here: here, Actor: x.actor, Session: x.session, Note: x.Note, Page: page,
		May: map[string]bool{"operate": x.actor.May(service.Operate), "approve": x.actor.May(service.Approve), "people": x.actor.May(service.People), "acts": x.actor.May(service.Acts)},
	}
	if live, ok := page.(interface{ live() string }); ok {
		f.Live = live.live()
	}
	var out bytes.Buffer
	if err := all.all[name].Execute(&out, f); err != nil {
		return fmt.Errorf("write page %s: %w", name, err)
	}
	x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	x.w.WriteHeader(status)
	_, _ = x.w.Write(out.Bytes()) // the one who asked is gone
	return nil
}

// static sends the style or the script.
func static(x *exchange) error {
	name := x.r.PathValue("file")
	data, err := assets.ReadFile(path.Join("static", path.Base(name)))
	if err != nil {
		return &refusal{http.StatusNotFound, "not_found", "there is no such file", ""}
	}
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	x.w.Header().Set("Content-Type", kinds[path.Ext(name)])
	x.w.Header().Set("Cache-Control", "no-cache")
	_, err = x.w.Write(data)
	return err
}

// moment is a time for people, in that of the console's machine; the element's datetime has the zone.
func moment(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

// took is a number of seconds for people.
func took(seconds float64) string {
	switch {
	case seconds < 0.0005:
		return "0 ms"
	case seconds < 1:
		return fmt.Sprintf("%.0f ms", seconds*1000)
	case seconds < 100:
		return fmt.Sprintf("%.3g s", seconds)
	}
	d := time.Duration(math.Round(seconds)) * time.Second
	if d > time.Hour {
		d = d.Round(time.Minute)
		return strings.TrimSuffix(d.String(), "0s")
	}
	return d.String()
}

// query builds the query of a link out of names and values by turns; empty values are left out.
func query(parts ...any) template.URL {
	v := url.Values{}
	for i := 0; i+1 < len(parts); i += 2 {
		if text := fmt.Sprint(parts[i+1]); text != "" {
			v.Set(fmt.Sprint(parts[i]), text)
		}
	}
	return template.URL(v.Encode())
}
