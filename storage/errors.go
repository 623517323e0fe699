package storage

import "errors"

// ErrSeriesLimit is why a sample of a new series is refused when an organisation has as many
// series as it may have.
var ErrSeriesLimit = errors.New("series limit of the organisation reached")
