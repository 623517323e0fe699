package limitsprocessor

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestValidText(t *testing.T) {
	for length := range 40 {
		ascii := strings.Repeat("x", length)
		assert.True(t, validText(ascii))
		for at := range length {
			for _, insert := range []string{"\x80", "\xff", "ü", "\xc3", "€", "\x00"} {
				text := ascii[:at] + insert + ascii[at:]
				assert.Equal(t, utf8.ValidString(text), validText(text), "%q", text)
			}
		}
	}
}
