package logfilter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsWordRune says whether words are made of this rune: letters, decimal digits, underscore.
// The replacement character counts too, so that broken text does not split words.
func IsWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == utf8.RuneError
}

// SplitWords returns the words of a text.
func SplitWords(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !IsWordRune(r) })
}

// containsWords says whether the words stand beside each other in text. With prefix the last
// one only begins so.
func containsWords(text string, words []string, prefix bool) bool {
	first := words[0]
	for from := 0; ; {
		at := strings.Index(text[from:], first)
		if at < 0 {
			return false
		}
		start := from + at
		if wordStartsAt(text, start) && wordsAt(text[start:], words, prefix) {
			return true
		}
		_, size := utf8.DecodeRuneInString(text[start:])
		from = start + size
	}
}

func wordStartsAt(text string, at int) bool {
	if at == 0 {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(text[:at])
	return !IsWordRune(r)
}

// wordsAt says whether text begins with the words.
func wordsAt(text string, words []string, prefix bool) bool {
	for i, word := range words {
		if i > 0 {
			text = strings.TrimLeftFunc(text, func(r rune) bool { return !IsWordRune(r) })
		}
		if !strings.HasPrefix(text, word) {
			return false
		}
		text = text[len(word):]
		if prefix && i == len(words)-1 {
			return true
		}
		if text == "" {
			return i == len(words)-1
		}
		if r, _ := utf8.DecodeRuneInString(text); IsWordRune(r) {
			return false
		}
	}
	return true
}
