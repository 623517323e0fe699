package auth

import (
	"github.com/danielgtaylor/huma/v2"
)

// Register adds the operations under /v1/auth to the API.
func (s *Service) Register(api huma.API) {
	_ = api
}
