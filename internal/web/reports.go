package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/sunbulk/sunbulk/internal/report"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// reports are the folders of reports that were asked for. Each is made again when its job has moved on, and removed when
// nobody has asked for it for a while.
type reports struct {
	dir string

	mu   sync.Mutex
	made map[string]*made
}

// made is the report of one job.
type made struct {
	mu   sync.Mutex // is held while it is made
	of   string     // state of the job then
	at   time.Time
	used time.Time
}

const (
	reportKept  = 30 * time.Minute
	reportFresh = 10 * time.Second // of a job that runs
)

// file is one file of a report.
type file struct {
	Name     string `json:"name"`
	Bytes    int64  `json:"bytes"`
	Personal bool   `json:"personal"` // it may name people
}

// report makes the report of a job where there is no fresh one, and returns its folder.
func (s *Server) report(job jobs.Job) (string, error) {
	r := &s.reports
	r.mu.Lock()
	if r.made == nil {
		r.made = map[string]*made{}
	}
	for id, m := range r.made {
		if id != job.ID && time.Since(m.used) > reportKept && m.mu.TryLock() {
			_ = os.RemoveAll(filepath.Join(r.dir, id))
			delete(r.made, id)
			m.mu.Unlock()
		}
	}
	m := r.made[job.ID]
	if m == nil {
		m = &made{}
		r.made[job.ID] = m
	}
	m.used = time.Now()
	r.mu.Unlock()

	dir := filepath.Join(r.dir, job.ID)
	m.mu.Lock()
	defer m.mu.Unlock()
	of := fmt.Sprint(job.State, job.Tally, len(job.Events), len(job.Retries))
	if m.of == of && !m.at.IsZero() || !job.State.Ended() && time.Since(m.at) < reportFresh {
		return dir, nil
	}
	s.working.Add(1)
	defer s.working.Done()
	if _, err := s.Service.Report(s.ctx, job.ID, dir, false, nil); err != nil && !errors.Is(err, report.ErrSum) {
		return "", err
	}
	m.of, m.at = of, time.Now()
	return dir, nil
}

// files lists what there is of a report.
func files(dir string) ([]file, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	all := []file{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !slices.Contains(report.JobFiles(), e.Name()) {
			continue
		}
		all = append(all, file{e.Name(), info.Size(), service.NamesPeople(e.Name())})
	}
	return all, nil
}

// fileList is what GET /v1/jobs/{job}/report answers.
type fileList struct {
	Files []file `json:"files"`
}

func listFiles(x *exchange) error {
	job, err := x.job()
	if err != nil {
		return err
	}
	x.patience(maxDownload)
	dir, err := x.report(job)
	if err != nil {
		return err
	}
	all, err := files(dir)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, fileList{all})
}

// patience gives an answer more time to be written.
func (x *exchange) patience(d time.Duration) {
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Now().Add(d))
}

// download sends a file of a report, to be kept.
func download(x *exchange) error {
	name := x.r.PathValue("file")
	if !slices.Contains(report.JobFiles(), name) {
		job, err := x.job()
		return cmp.Or(err, noSuchFile(job.ID))
	}
	job, err := x.Service.File(x.r.Context(), x.r.PathValue("job"), name)
	if err != nil {
		return err
	}
	x.told("download", "job", job.ID, "file", name)
	x.w.Header().Set("Content-Disposition", `attachment; filename="`+job.ID+"-"+name+`"`)
	return x.send(job, name)
}

func noSuchFile(job string) error {
	return &refusal{http.StatusNotFound, "no_file", "the report of job " + job + " has no such file", "the list of its files has all that there are"}
}

// kinds are the media types of files by what their names end in: none is one that a browser runs but report.html.
var kinds = map[string]string{".csv": "text/csv; charset=utf-8", ".json": "application/json", ".ndjson": "application/x-ndjson", ".html": "text/html; charset=utf-8"}

func (x *exchange) send(job jobs.Job, name string) error {
	x.patience(maxDownload)
	dir, err := x.report(job)
	if err != nil {
		return err
	}
	f, err := os.Open(filepath.Join(dir, name))
	if errors.Is(err, os.ErrNotExist) {
		x.w.Header().Del("Content-Disposition")
		return noSuchFile(job.ID)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	x.w.Header().Set("Content-Type", kinds[filepath.Ext(name)])
	http.ServeContent(x.w, x.r, "", info.ModTime(), f)
	return nil
}

// reportPage shows report.html. Nothing in it runs, and its styles are its own.
func reportPage(x *exchange) error {
	job, err := x.job()
	if err != nil {
		return err
	}
	x.w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox")
	return x.send(job, "report.html")
}
