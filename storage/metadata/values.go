package metadata

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// timeFormat has a fixed width, so that times in UTC sort as text, and PostgreSQL's precision.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// timestamp moves a time in and out of the database; the zero time is NULL. It is written as
// text, which SQLite keeps and PostgreSQL converts.
type timestamp struct{ *time.Time }

// at returns the value to write or compare with.
func at(t time.Time) timestamp { return timestamp{&t} }

// Value implements driver.Valuer.
func (t timestamp) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, nil
	}
	return t.UTC().Format(timeFormat), nil
}

// Scan implements sql.Scanner.
func (t timestamp) Scan(src any) error {
	switch value := src.(type) {
	case nil:
		*t.Time = time.Time{}
	case time.Time:
		*t.Time = value.UTC()
	case string:
		parsed, err := time.Parse(timeFormat, value)
		if err != nil {
			return fmt.Errorf("read a time: %w", err)
		}
		*t.Time = parsed
	default:
		return fmt.Errorf("read a time: unexpected %T", src)
	}
	return nil
}

// list moves a list of plain words in and out of the database, as the text of a PostgreSQL
// array, which that converts and SQLite keeps.
type list struct{ words *[]string }

// Value implements driver.Valuer.
func (l list) Value() (driver.Value, error) {
	for _, word := range *l.words {
		if word == "" || strings.ContainsAny(word, `{}," \`) {
			return nil, fmt.Errorf("write a list: %q is not a plain word", word)
		}
	}
	return "{" + strings.Join(*l.words, ",") + "}", nil
}

// Scan implements sql.Scanner.
func (l list) Scan(src any) error {
	text, ok := src.(string)
	if !ok || !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}") {
		return fmt.Errorf("read a list: unexpected %v", src)
	}
	*l.words = nil
	if inner := text[1 : len(text)-1]; inner != "" {
		*l.words = strings.Split(inner, ",")
	}
	return nil
}

// jsonList moves a list of any texts in and out of the database, as a JSON array.
type jsonList struct{ words *[]string }

// Value implements driver.Valuer.
func (l jsonList) Value() (driver.Value, error) {
	if len(*l.words) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal(*l.words)
	return string(text), err
}

// Scan implements sql.Scanner.
func (l jsonList) Scan(src any) error {
	var text []byte
	switch value := src.(type) {
	case string:
		text = []byte(value)
	case []byte: // PostgreSQL's driver gives JSONB as this
		text = value
	default:
		return fmt.Errorf("read a JSON list: unexpected %T", src)
	}
	*l.words = nil
	if err := json.Unmarshal(text, l.words); err != nil {
		return fmt.Errorf("read a JSON list: %w", err)
	}
	if len(*l.words) == 0 {
		*l.words = nil
	}
	return nil
}

// optional moves a text in and out of the database; the empty text is NULL.
type optional struct{ text *string }

// Value implements driver.Valuer.
func (o optional) Value() (driver.Value, error) {
	if *o.text == "" {
		return nil, nil
	}
	return *o.text, nil
}

// Scan implements sql.Scanner.
func (o optional) Scan(src any) error {
	switch value := src.(type) {
	case nil:
		*o.text = ""
	case string:
		*o.text = value
	default:
		return fmt.Errorf("read a text: unexpected %T", src)
	}
	return nil
}
