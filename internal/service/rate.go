package service

import (
	"context"
	"fmt"
	"strconv"

	"github.com/sunbulk/sunbulk/internal/pace"
)

// Rate returns the pace that all workers of an app share.
func (s *Service) Rate(ctx context.Context, app string) (pace.Standing, error) {
	return pace.Read(ctx, s.rdb, app)
}

// SetRate sets it: to a number of calls per second, to max, which drops what is reserved and deadlines, or to auto, which
// leaves it to the jobs again.
func (s *Service) SetRate(ctx context.Context, app, rate string) error {
	if err := CheckRate(rate); err != nil {
		return err
	}
	return pace.Override(ctx, s.rdb, app, rate)
}

// CheckRate accepts max, auto, and a rate above 0: an app without any limit is left to the jobs' own
// options.
func CheckRate(rate string) error {
	if rate == pace.Auto || rate == pace.Max {
		return nil
	}
	if n, err := strconv.ParseFloat(rate, 64); err != nil || !(n >= 0.01 && n <= 1e6) {
		return &Invalid{"rate", fmt.Sprintf("%q is not a rate from 0.01 to 1000000, max or auto", rate)}
	}
	return nil
}
