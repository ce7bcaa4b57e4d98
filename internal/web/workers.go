package web

import "net/http"

func showWorkers(x *exchange) error {
	w, err := x.Service.Works(x.r.Context())
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, w)
}

func workersPage(x *exchange) error {
	w, err := x.Service.Works(x.r.Context())
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, "workers", "Workers and queues", w)
}
