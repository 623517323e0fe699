// Package utf8text checks text faster than the standard library does for labels: short ASCII.
package utf8text

import "unicode/utf8"

// Valid is utf8.ValidString. It looks at eight or four bytes at a time, the last ones twice.
func Valid(s string) bool {
	const high8, high4 = 0x8080808080808080, 0x80808080
	n := len(s)
	switch {
	case n >= 8:
		seen := load8(s[n-8:])
		for i := 0; i+8 < n; i += 8 {
			seen |= load8(s[i:])
		}
		return seen&high8 == 0 || utf8.ValidString(s)
	case n >= 4:
		return (load4(s)|load4(s[n-4:]))&high4 == 0 || utf8.ValidString(s)
	}
	return utf8.ValidString(s)
}

// load8 and load4 compile to one load.
func load8(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func load4(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}
