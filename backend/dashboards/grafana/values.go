package grafana

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// rowPixels is how high a unit of Grafana's grid is, with its gap.
const rowPixels = 38

// rowHeight reads the height of an old row: pixels, with or without a unit.
func rowHeight(text string) int {
	pixels, err := strconv.ParseFloat(strings.TrimSuffix(text, "px"), 64)
	if err != nil || pixels <= 0 {
		return 7
	}
	return max(2, min(int(pixels/rowPixels+0.5), 40))
}

// durationOf reads a range of time that ends now.
func durationOf(at timeRange) string {
	duration := strings.TrimPrefix(string(at.From), "now-")
	if at.To != "now" || !validDuration(duration) {
		return "1h"
	}
	return duration
}

func validDuration(text string) bool {
	if _, err := model.ParseDuration(text); err == nil {
		return true
	}
	parsed, err := time.ParseDuration(text)
	return err == nil && parsed >= 0
}

func tagsOf(tags []string) []string {
	var kept []string
	for _, tag := range tags {
		if tag = cut(strings.TrimSpace(tag), 50); tag != "" && !slices.Contains(kept, tag) && len(kept) < 20 {
			kept = append(kept, tag)
		}
	}
	return kept
}

// constantsOf returns the inputs that have a value.
func constantsOf(inputs []input) map[string]string {
	constants := make(map[string]string)
	for _, one := range inputs {
		if one.Type == "constant" {
			constants[one.Name] = string(one.Value)
		}
	}
	return constants
}

// reasonOf returns what is wrong, without the place in a document that nobody has.
func reasonOf(err error) string {
	if coded, ok := errors.AsType[*errcode.Error](err); ok {
		return coded.Message
	}
	return err.Error()
}

// orElse returns the text, or another one when it is empty.
func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// cut shortens a text to so many characters.
func cut(text string, length int) string {
	if runes := []rune(text); len(runes) > length {
		return string(runes[:length])
	}
	return text
}

// floatOf returns a number that is there.
func floatOf(n *number) (float64, bool) {
	if n == nil {
		return 0, false
	}
	return float64(*n), true
}
