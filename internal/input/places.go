package input

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/sunbulk/sunbulk/internal/transit"
)

// Places are what a worker may read of what Redis names: anyone who can write to Redis must not choose it (I12). A nil *Places
// holds none.
type Places struct {
	folders   []folder
	sites     []site
	prefixes  []prefix
	allowHTTP bool
}

// PlacesConfig says what else there is to know of Places.
type PlacesConfig struct {
	Never     []string // files that are not read wherever they lie, such as those of credentials
	AllowHTTP bool     // also over http, from any host; default: from this machine alone
}

// site is a part of a web server.
type site struct {
	scheme, host, path string // host with its port; path without the / at its end
}

// prefix is a part of a bucket.
type prefix struct{ bucket, key string } // key without the / at its end

// NewPlaces reads DIR, https://HOST/PATH and s3://BUCKET/PREFIX, each of which stands for all that is below. Its error is an *Error.
func NewPlaces(entries []string, cfg PlacesConfig) (*Places, error) {
	p := &Places{allowHTTP: cfg.AllowHTTP}
	for _, entry := range entries {
		scheme, rest, remote := strings.Cut(entry, "://")
		var err error
		switch scheme = strings.ToLower(scheme); {
		case remote && scheme == "s3":
			err = p.addPrefix(entry, rest)
		case remote:
			err = p.addSite(entry)
		default:
			err = p.addFolder(entry, cfg.Never)
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Places) addPrefix(entry, rest string) error {
	bucket, key, _ := strings.Cut(rest, "/")
	if s3utils.CheckValidBucketName(bucket) != nil || strings.ContainsAny(key, patternSigns) || climbs(key) {
		return &Error{File: entry, Cause: "is not s3://BUCKET/PREFIX", Hint: "e.g. s3://exports/daily/; all that is below is meant, so it needs no *"}
	}
	p.prefixes = append(p.prefixes, prefix{bucket, strings.TrimRight(key, "/")})
	return nil
}

func (p *Places) addSite(entry string) error {
	u, err := url.Parse(entry)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return &Error{File: "https://…", Cause: "is not https://HOST/PATH", Hint: "e.g. https://exports.example.com/daily/"}
	}
	name := shownURL(u)
	switch {
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || climbs(u.EscapedPath()):
		return &Error{File: name, Cause: "is not https://HOST/PATH", Hint: "leave user, query and .. out: all that is below is meant"}
	case !p.allowHTTP && !transit.Private(u):
		return &Error{File: name, Cause: "is not https", Hint: transit.Hint}
	}
	p.sites = append(p.sites, site{u.Scheme, hostPort(u), strings.TrimRight(u.EscapedPath(), "/")})
	return nil
}

// hostPort is the host of a URL in one spelling.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

// Find returns the files that names in Redis stand for, if they lie within the places. Its error is an *Error, or an *fs.PathError.
func (p *Places) Find(ctx context.Context, names []string) (*Files, error) {
	if p == nil {
		p = &Places{}
	}
	return newGuarded(p).findAll(ctx, names)
}

// find is network.find within places.
func (p *Places) find(ctx context.Context, n *network, arg string) ([]*place, error) {
	name, newest := strings.CutPrefix(arg, newestPrefix)
	scheme, rest, remote := strings.Cut(name, "://")
	switch scheme = strings.ToLower(scheme); {
	case remote && scheme == "s3":
		bucket, key, _ := strings.Cut(rest, "/")
		if !p.holdsKeys(bucket, key) {
			return nil, refused("s3://"+bucket+"/"+key, "s3://"+bucket+"/")
		}
		return n.findObjects(ctx, rest, newest)
	case remote && !newest && (scheme == "https" || scheme == "http"):
		u, err := url.Parse(name)
		if err != nil || u.Hostname() == "" {
			return n.findURL(name) // which says what is wrong with it
		}
		if !p.holdsURL(u) {
			return nil, refused(shownURL(u), u.Scheme+"://"+u.Host+"/")
		}
		return n.findURL(name)
	case remote && !strings.Contains(scheme, "/"):
		return nil, &Error{File: scheme + "://…", Cause: "is of no scheme that a worker reads", Hint: "give a path, https://HOST/PATH or s3://BUCKET/KEY"}
	case arg == "-":
		return nil, &Error{File: arg, Cause: "is standard input, and a worker has none", Hint: "name a file"}
	}
	return p.findFiles(arg, name, newest)
}

// refused says that something is not within the places, and which would hold it.
func refused(name, wanted string) *Error {
	return &Error{
		File:  name,
		Cause: fmt.Sprintf("is not among the inputs that this worker may read (--inputs %s would allow it)", wanted),
		Hint:  "workers read what their own --inputs, or SUNBULK_INPUTS, holds: name a folder, https://HOST/ or s3://BUCKET/PREFIX there",
	}
}

// holdsURL tells whether an address on the web is within the places.
func (p *Places) holdsURL(u *url.URL) bool {
	return slices.ContainsFunc(p.sites, func(s site) bool {
		path := u.EscapedPath()
		return u.Scheme == s.scheme && hostPort(u) == s.host && below(path, s.path) && !(s.path != "" && climbs(path))
	})
}

// holdsKeys tells whether a key, or all keys that match a pattern, are within the places.
func (p *Places) holdsKeys(bucket, key string) bool {
	if i := strings.IndexAny(key, patternSigns+`\`); i >= 0 {
		key = key[:strings.LastIndexByte(key[:i], '/')+1]
	}
	return slices.ContainsFunc(p.prefixes, func(x prefix) bool {
		return bucket == x.bucket && (x.key == "" || below(key, x.key) && !climbs(key))
	})
}

// below tells whether a path is folder, or in it.
func below(path, folder string) bool {
	rest, ok := strings.CutPrefix(path, folder)
	return ok && (rest == "" || folder == "" || rest[0] == '/')
}

// climbs tells whether a path may lead out of a folder that it begins with, in any way that a server may read it.
func climbs(path string) bool {
	path = strings.ToLower(path)
	if strings.Contains(path, `\`) || strings.Contains(path, "%2f") || strings.Contains(path, "%5c") || strings.Contains(path, "%25") {
		return true
	}
	for s := range strings.SplitSeq(strings.ReplaceAll(path, "%2e", "."), "/") {
		if s == ".." || s == "." {
			return true
		}
	}
	return false
}

// folder is one whose files may be read.
type folder struct {
	given, dir, real string   // as given, absolute, and without links
	never            []string // files that are not read
}

// kernel are folders whose files are windows into the machine, and no data.
var kernel = []string{"/proc", "/sys", "/dev", "/run/secrets"}

func (p *Places) addFolder(entry string, never []string) error {
	dir, err := filepath.Abs(entry)
	if err != nil {
		return &Error{File: entry, Cause: "is no folder", Err: err}
	}
	real, err := filepath.EvalSymlinks(dir)
	if err == nil {
		var info os.FileInfo
		if info, err = os.Stat(real); err == nil && !info.IsDir() {
			err = errors.New("it is a file")
		}
	}
	if entry == "" || err != nil {
		return &Error{File: entry, Cause: "is no folder", Err: err, Hint: "name a folder of this machine, https://HOST/ or s3://BUCKET/PREFIX"}
	}
	for _, k := range kernel {
		if below(k, strings.TrimRight(real, "/")) || below(real, k) {
			return &Error{File: entry, Cause: "holds " + k + ", which is no input", Hint: "name the folder in which the inputs lie"}
		}
	}
	p.folders = append(p.folders, folder{entry, dir, real, never})
	return nil
}

// findFiles returns the files that a name or a pattern stands for. What exists under the very name goes before a pattern.
func (p *Places) findFiles(arg, name string, newest bool) ([]*place, error) {
	for _, f := range p.folders {
		if rel, ok := f.rel(arg); ok && f.exists(rel) {
			return []*place{f.place(arg, rel)}, nil
		}
	}
	pattern := newest || strings.ContainsAny(name, patternSigns)
	for _, f := range p.folders {
		rel, ok := f.rel(name)
		switch {
		case ok && pattern:
			return f.match(name, rel, newest)
		case ok:
			return []*place{f.place(name, rel)}, nil
		}
	}
	wanted := "DIR"
	if abs, err := filepath.Abs(name); err == nil && !pattern {
		wanted = filepath.Dir(abs)
	}
	return nil, refused(name, wanted)
}
