package web

import (
	_ "embed"
	"net/http"
)

// route is one thing that can be asked for.
type route struct {
	method, path string
	open         bool // to those who have not signed in, too
	do           func(*exchange) error
}

const (
	open   = true
	signed = false // in: what they may do the service decides
)

//go:embed openapi.yaml
var openAPI []byte

// routes is the whole of the API and of the pages. No handler looks at a role to decide whether it may run: it asks the service, and
// only what a page offers depends on rights.
func (s *Server) routes() []route {
	return append([]route{
		{"GET", "/v1/openapi.yaml", open, document},
		{"POST", "/v1/uploads", signed, addUpload},
		{"GET", "/v1/uploads/{upload}", signed, showUpload},
		{"POST", "/v1/plans", signed, addPlan},
		{"GET", "/v1/plans", signed, listPlans},
		{"GET", "/v1/plans/{plan}", signed, showPlan},
		{"POST", "/v1/plans/{plan}/ask", signed, askApproval},
		{"GET", "/v1/mappings", signed, listMappings},
		{"GET", "/v1/mappings/{app}/{name}", signed, showMapping},
		{"PUT", "/v1/mappings/{app}/{name}", signed, saveMapping},
		{"DELETE", "/v1/mappings/{app}/{name}", signed, removeMapping},
		{"GET", "/v1/approvals", signed, listApprovals},
		{"POST", "/v1/approvals", signed, addApproval},
		{"POST", "/v1/jobs", signed, addJob},
		{"GET", "/v1/jobs", signed, listJobs},
		{"GET", "/v1/jobs/{job}", signed, showJob},
		{"GET", "/v1/jobs/{job}/rows", signed, listRows},
		{"GET", "/v1/jobs/{job}/rows/{row}", signed, showRow},
		{"GET", "/v1/jobs/{job}/events", signed, followJob},
		{"GET", "/v1/jobs/{job}/report", signed, listFiles},
		{"GET", "/v1/jobs/{job}/report/{file}", signed, download},
		{"POST", "/v1/jobs/{job}/pause", signed, pauseJob},
		{"POST", "/v1/jobs/{job}/resume", signed, resumeJob},
		{"POST", "/v1/jobs/{job}/cancel", signed, cancelJob},
		{"POST", "/v1/jobs/{job}/retry", signed, retryJob},
		{"GET", "/v1/apps/{app}/rate", signed, showRate},
		{"PUT", "/v1/apps/{app}/rate", signed, setRate},
		{"GET", "/v1/runbooks", signed, listRunbooks},
		{"GET", "/v1/runbooks/{file}", signed, showRunbook},
		{"POST", "/v1/runs", signed, addRun},
		{"GET", "/v1/runs", signed, listRuns},
		{"GET", "/v1/runs/{run}", signed, showRun},
		{"GET", "/v1/schedules", signed, listSchedules},
		{"GET", "/v1/schedules/{schedule}", signed, showSchedule},
		{"GET", "/v1/workers", signed, showWorkers},
		{"GET", "/v1/audit", signed, listAudit},
		{"GET", "/healthz", open, health},
	}, s.pageRoutes()...)
}

// pageRoutes are those of a browser.
func (s *Server) pageRoutes() []route {
	return []route{
		{"GET", "/{$}", open, func(*exchange) error { return &elsewhere{"/jobs"} }},
		{"GET", "/static/{file}", open, static},
		{"GET", "/login", open, loginPage},
		{"POST", "/login", open, login},
		{"POST", "/logout", open, logout},
		{"GET", "/oidc/login", open, beginSignIn},
		{"GET", "/oidc/callback", open, endSignIn},
		{"GET", "/new", signed, newPage},
		{"POST", "/new", signed, uploadForm},
		{"GET", "/new/{upload}", signed, mapPage},
		{"POST", "/new/{upload}", signed, mapForm},
		{"GET", "/mappings", signed, mappingsPage},
		{"POST", "/mappings/{app}/{name}/remove", signed, removeMappingForm},
		{"GET", "/plans", signed, plansPage},
		{"GET", "/plans/{plan}", signed, planPage},
		{"POST", "/plans/{plan}/ask", signed, askForm},
		{"POST", "/plans/{plan}/approve", signed, approveForm},
		{"POST", "/plans/{plan}/refuse", signed, refuseForm},
		{"POST", "/plans/{plan}/start", signed, startForm},
		{"GET", "/jobs", signed, jobsPage},
		{"GET", "/jobs/{job}", signed, jobPage},
		{"GET", "/jobs/{job}/rows", signed, rowsPage},
		{"GET", "/jobs/{job}/rows/{row}", signed, rowPage},
		{"GET", "/jobs/{job}/report.html", signed, reportPage},
		{"GET", "/jobs/{job}/files/{file}", signed, download},
		{"POST", "/jobs/{job}/pause", signed, pauseForm},
		{"POST", "/jobs/{job}/resume", signed, resumeForm},
		{"POST", "/jobs/{job}/rate", signed, rateForm},
		{"GET", "/jobs/{job}/cancel", signed, cancelPage},
		{"POST", "/jobs/{job}/cancel", signed, cancelForm},
		{"GET", "/jobs/{job}/retry", signed, retryPage},
		{"POST", "/jobs/{job}/retry", signed, retryForm},
		{"GET", "/runbooks", signed, runbooksPage},
		{"GET", "/runbooks/{file}", signed, runbookPage},
		{"POST", "/runbooks/{file}", signed, runbookUploadForm},
		{"GET", "/runbooks/{file}/{upload}", signed, runbookVarsPage},
		{"POST", "/runbooks/{file}/{upload}", signed, runbookPlanForm},
		{"GET", "/runs", signed, runsPage},
		{"GET", "/runs/{run}", signed, runPage},
		{"GET", "/schedules", signed, schedulesPage},
		{"GET", "/schedules/{schedule}", signed, schedulePage},
		{"GET", "/workers", signed, workersPage},
		{"GET", "/audit", signed, auditPage},
	}
}

func document(x *exchange) error {
	x.w.Header().Set("Content-Type", "application/yaml")
	_, err := x.w.Write(openAPI)
	return err
}

// health tells whether the console can be used, to anybody.
func health(x *exchange) error {
	if err := x.Server.Service.Ready(x.r.Context()); err != nil {
		return &refusal{http.StatusServiceUnavailable, "unavailable", err.Error(), ""}
	}
	x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := x.w.Write([]byte("ok\n"))
	return err
}
