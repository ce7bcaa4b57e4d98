package web

import (
	_ "embed"
	"net/http"
)

// route is one thing that can be asked for, and the right that it takes.
type route struct {
	method, path string
	right        right
	do           func(*exchange) error
}

//go:embed openapi.yaml
var openAPI []byte

// routes is the whole of the API and of the pages. No handler looks at a role to decide whether it may run; only how much it
// shows depends on one.
func (s *Server) routes() []route {
	return append([]route{
		{"GET", "/v1/openapi.yaml", anybody, document},
		{"POST", "/v1/uploads", operate, addUpload},
		{"GET", "/v1/uploads/{upload}", operate, showUpload},
		{"POST", "/v1/plans", operate, addPlan},
		{"GET", "/v1/plans", see, listPlans},
		{"GET", "/v1/plans/{plan}", see, showPlan},
		{"POST", "/v1/plans/{plan}/ask", operate, askApproval},
		{"GET", "/v1/approvals", see, listApprovals},
		{"POST", "/v1/approvals", approve, addApproval},
		{"POST", "/v1/jobs", operate, addJob},
		{"GET", "/v1/jobs", see, listJobs},
		{"GET", "/v1/jobs/{job}", see, showJob},
		{"GET", "/v1/jobs/{job}/rows", see, listRows},
		{"GET", "/v1/jobs/{job}/rows/{row}", see, showRow},
		{"GET", "/v1/jobs/{job}/events", see, followJob},
		{"GET", "/v1/jobs/{job}/report", see, listFiles},
		{"GET", "/v1/jobs/{job}/report/{file}", see, download},
		{"POST", "/v1/jobs/{job}/pause", operate, pauseJob},
		{"POST", "/v1/jobs/{job}/resume", operate, resumeJob},
		{"POST", "/v1/jobs/{job}/cancel", operate, cancelJob},
		{"POST", "/v1/jobs/{job}/retry", operate, retryJob},
		{"GET", "/v1/apps/{app}/rate", see, showRate},
		{"PUT", "/v1/apps/{app}/rate", operate, setRate},
		{"GET", "/v1/runs", see, listRuns},
		{"GET", "/v1/runs/{run}", see, showRun},
		{"GET", "/v1/schedules", see, listSchedules},
		{"GET", "/v1/schedules/{schedule}", see, showSchedule},
		{"GET", "/v1/audit", acts, listAudit},
		{"GET", "/healthz", anybody, health},
	}, s.pageRoutes()...)
}

// pageRoutes are those of a browser.
func (s *Server) pageRoutes() []route {
	return []route{
		{"GET", "/{$}", anybody, func(*exchange) error { return &elsewhere{"/jobs"} }},
		{"GET", "/static/{file}", anybody, static},
		{"GET", "/login", anybody, loginPage},
		{"POST", "/login", anybody, login},
		{"POST", "/logout", anybody, logout},
		{"GET", "/oidc/login", anybody, beginSignIn},
		{"GET", "/oidc/callback", anybody, endSignIn},
		{"GET", "/new", operate, newPage},
		{"POST", "/new", operate, uploadForm},
		{"GET", "/new/{upload}", operate, mapPage},
		{"POST", "/new/{upload}", operate, mapForm},
		{"GET", "/plans", see, plansPage},
		{"GET", "/plans/{plan}", see, planPage},
		{"POST", "/plans/{plan}/ask", operate, askForm},
		{"POST", "/plans/{plan}/approve", approve, approveForm},
		{"POST", "/plans/{plan}/refuse", approve, refuseForm},
		{"POST", "/plans/{plan}/start", operate, startForm},
		{"GET", "/jobs", see, jobsPage},
		{"GET", "/jobs/{job}", see, jobPage},
		{"GET", "/jobs/{job}/rows", see, rowsPage},
		{"GET", "/jobs/{job}/rows/{row}", see, rowPage},
		{"GET", "/jobs/{job}/report.html", see, reportPage},
		{"GET", "/jobs/{job}/files/{file}", see, download},
		{"POST", "/jobs/{job}/pause", operate, pauseForm},
		{"POST", "/jobs/{job}/resume", operate, resumeForm},
		{"POST", "/jobs/{job}/rate", operate, rateForm},
		{"GET", "/jobs/{job}/cancel", operate, cancelPage},
		{"POST", "/jobs/{job}/cancel", operate, cancelForm},
		{"GET", "/jobs/{job}/retry", operate, retryPage},
		{"POST", "/jobs/{job}/retry", operate, retryForm},
		{"GET", "/runs", see, runsPage},
		{"GET", "/runs/{run}", see, runPage},
		{"GET", "/schedules", see, schedulesPage},
		{"GET", "/schedules/{schedule}", see, schedulePage},
		{"GET", "/audit", acts, auditPage},
	}
}

func document(x *exchange) error {
	x.w.Header().Set("Content-Type", "application/yaml")
	_, err := x.w.Write(openAPI)
	return err
}

// health tells whether the console can be used, to anybody.
func health(x *exchange) error {
	if err := x.Service.Ready(x.r.Context()); err != nil {
		return &refusal{http.StatusServiceUnavailable, "unavailable", err.Error(), ""}
	}
	x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := x.w.Write([]byte("ok\n"))
	return err
}
