package redistest

import "testing"

// Stop skips the test: processes cannot be stopped here, and there is no redis-server either.
func (s *Server) Stop(t testing.TB) { t.Skip("processes cannot be stopped on Windows") }

// Continue ends a Stop.
func (s *Server) Continue(testing.TB) {}
