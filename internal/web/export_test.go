package web

// Route is a route as tests see it.
type Route struct{ Method, Path, Right string }

// Routes are all that there are.
func Routes() (all []Route) {
	for _, r := range (&Server{}).routes() {
		all = append(all, Route{r.method, r.path, string(r.right)})
	}
	return all
}

// Feeds is how many follow jobs, and how many jobs are followed.
func (s *Server) Feeds() (followers, followed int) {
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	return s.feeds.n, len(s.feeds.all)
}
