package utf8text

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestValid(t *testing.T) {
	for length := range 40 {
		ascii := strings.Repeat("x", length)
		assert.True(t, Valid(ascii))
		for at := range length {
			for _, insert := range []string{"\x80", "\xff", "ü", "\xc3", "€", "\x00"} {
				text := ascii[:at] + insert + ascii[at:]
				assert.Equal(t, utf8.ValidString(text), Valid(text), "%q", text)
			}
		}
	}
}
