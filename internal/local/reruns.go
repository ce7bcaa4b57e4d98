package local

import (
	"context"
	"path/filepath"
	"slices"
	"sync"

	"github.com/sunbulk/sunbulk/internal/folder"
	"github.com/sunbulk/sunbulk/jobs"
	"github.com/sunbulk/sunbulk/worker"
)

// reruns keeps claims on rows of earlier jobs beside their reports, where those can be found: in the folders of the inputs, and
// in those around the run's own. Other rows are claimed within the run alone.
type reruns struct {
	within worker.Reruns
	dirs   []string
	stop   func() // is called when a claim cannot be kept: no row may be sent any more

	mu      sync.Mutex
	err     error                  // for which it was stopped
	folders map[string]string      // job → its report folder; nil = not looked for yet
	files   map[string]*claimsFile // by job
}

func newReruns(within worker.Reruns, c candidate) *reruns {
	var dirs []string
	for _, in := range c.Inputs {
		dirs = append(dirs, filepath.Dir(in.Name))
	}
	return &reruns{within: within, dirs: append(dirs, siblings(c.around)...), stop: func() {}, files: map[string]*claimsFile{}}
}

// ClaimRow is that of worker.Reruns.
func (r *reruns) ClaimRow(ctx context.Context, lineage jobs.Lineage, by jobs.RowRef) (jobs.RowRef, error) {
	refs := lineage.Refs()
	if len(refs) == 0 {
		return by, nil
	}
	f, err := r.file(refs[0].Job)
	if err == nil && f == nil {
		return r.within.ClaimRow(ctx, lineage, by)
	}
	var holder jobs.RowRef
	if err == nil {
		holder, err = f.claim(refs[0].Row, refs[1:], by)
	}
	if err != nil {
		r.fail(err)
	}
	return holder, err
}

func (r *reruns) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
		r.stop()
	}
}

// failure is why the run was stopped; nil when it was not.
func (r *reruns) failure() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// file returns the claims on the rows of a job; nil where its folder is not known.
func (r *reruns) file(job string) (*claimsFile, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.folders == nil {
		r.look()
	}
	dir, known := r.folders[job]
	if !known || r.files[job] != nil {
		return r.files[job], nil
	}
	f, err := openClaims(dir)
	if err == nil {
		r.files[job] = f
	}
	return f, err
}

// look finds whose reports the folders hold. Of several of one job, every run takes the same.
func (r *reruns) look() {
	r.folders = map[string]string{}
	var dirs []string
	for _, dir := range r.dirs {
		if path, err := filepath.Abs(dir); err == nil {
			dirs = append(dirs, path)
		}
	}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		owner, err := folder.Look(dir)
		if err != nil || owner == "" {
			continue
		}
		if _, known := r.folders[owner]; !known {
			r.folders[owner] = dir
		}
	}
}

func (r *reruns) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.files {
		f.close()
	}
}
