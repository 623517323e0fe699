package storage

// OrgID identifies an organisation: a UUID in its canonical text form. It selects the
// partition of a store and is never a label.
type OrgID string
