package web

import "net/http"

func runsPage(x *exchange) error {
	list, err := x.runs(x.r.URL.Query())
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, "runs", "Runs", list)
}

func runPage(x *exchange) error {
	r, err := x.run()
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, "run", "Run "+r.Run, r)
}

func schedulesPage(x *exchange) error {
	all, err := x.schedules(x.r.URL.Query())
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, "schedules", "Schedules", all)
}

func schedulePage(x *exchange) error {
	v, err := x.schedule()
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, "schedule", "Schedule "+v.Name, v)
}
