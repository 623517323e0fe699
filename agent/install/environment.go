package install

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

var environmentName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// ReadEnvironment reads a file of NAME=value lines. Lines that are empty or begin with # are
// comments; a value may stand in quotes.
func ReadEnvironment(path string) (map[string]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	values := make(map[string]string)
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		name, value, comment, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		if !comment {
			values[name] = value
		}
	}
	return values, nil
}

func parseLine(line string) (name, value string, comment bool, err error) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", "", true, nil
	}
	name, value, found := strings.Cut(line, "=")
	name = strings.TrimSpace(name)
	if !found || !environmentName.MatchString(name) {
		return "", "", false, fmt.Errorf("%q is not NAME=value", line)
	}
	value = strings.TrimSpace(value)
	for _, quote := range []string{`"`, "'"} {
		if inner, begins := strings.CutPrefix(value, quote); begins {
			inner, ends := strings.CutSuffix(inner, quote)
			if !ends {
				return "", "", false, fmt.Errorf("the value of %s lacks its second %s", name, quote)
			}
			return name, inner, false, nil
		}
	}
	return name, value, false, nil
}

// setting is a line of the file.
type setting struct{ name, value string }

const environmentHead = `# Values for ${env:NAME} in agent.yaml and conf.d; the environment of the process comes first.
# "pharos-agent install" changes the lines of its own; more may be added.
`

// changeEnvironment sets the settings in the text of a file and leaves all else as it is; an empty
// value removes a line.
func changeEnvironment(text string, settings []setting) string {
	if text == "" {
		text = environmentHead
	}
	var lines []string
	written := make(map[string]bool)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		name, _, comment, err := parseLine(line)
		changed := false
		for _, one := range settings {
			if comment || err != nil || one.name != name {
				continue
			}
			if one.value != "" && !written[name] {
				lines = append(lines, one.name+"="+one.value)
			}
			written[name], changed = true, true
		}
		if !changed {
			lines = append(lines, line)
		}
	}
	for _, one := range settings {
		if !written[one.name] && one.value != "" {
			lines = append(lines, one.name+"="+one.value)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
