package ingestreceiver

// validMetricName says whether a name is [a-zA-Z_:][a-zA-Z0-9_:]*, which PromQL needs no quotes
// for.
func validMetricName(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isWord(c) && c != ':' && (i == 0 || !isDigit(c)) {
			return false
		}
	}
	return name != ""
}

// validLabelName says whether a name is [a-zA-Z_][a-zA-Z0-9_]*.
func validLabelName(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isWord(c) && (i == 0 || !isDigit(c)) {
			return false
		}
	}
	return name != ""
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
