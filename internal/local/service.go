package local

import (
	"github.com/sunbulk/sunbulk/internal/localredis"
	"github.com/sunbulk/sunbulk/internal/service"
)

// NewService returns the use cases on a Redis in this process, which keeps nothing beyond it.
func NewService() (s *service.Service, stop func(), err error) {
	redis, err := localredis.Start()
	if err != nil {
		return nil, nil, err
	}
	if s, err = service.New(redis.Client()); err != nil {
		redis.Close()
		return nil, nil, err
	}
	return s, func() { redis.Close() }, nil
}
