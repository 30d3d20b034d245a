package acceptance

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	markdownLink    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	markdownHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	markdownFence   = regexp.MustCompile("(?ms)^[ \t]*```.*?^[ \t]*```")
	notInAnchors    = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// Each link of the documentation to another page leads there, to the heading that it names, for those who read it in
// the repository as for those who read it in a registry.
func TestLinks(t *testing.T) {
	pages := map[string]string{}
	for _, pattern := range []string{"*.md", "docs", "examples"} {
		matches, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil || len(matches) == 0 {
			t.Fatal(pattern, err)
		}
		for _, match := range matches {
			err := filepath.WalkDir(match, func(path string, _ fs.DirEntry, err error) error {
				if err != nil || filepath.Ext(path) != ".md" {
					return err
				}
				content, err := os.ReadFile(path)
				pages[path] = markdownFence.ReplaceAllString(string(content), "")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	links := 0
	for path, content := range pages {
		for _, match := range markdownLink.FindAllStringSubmatch(content, -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			links++
			to := path
			if target != "" {
				to = filepath.Join(filepath.Dir(path), filepath.FromSlash(target))
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: nothing is at %s", path, match[1])
				continue
			}
			if page, ok := pages[to]; anchor != "" && (!ok || !hasHeading(page, anchor)) {
				t.Errorf("%s: no heading for %s", path, match[1])
			}
		}
	}
	if links < 50 {
		t.Errorf("found only %d links", links)
	}
}

// hasHeading reports whether a page has the heading of an anchor, or the anchor itself.
func hasHeading(page, anchor string) bool {
	if strings.Contains(page, `<a id="`+anchor+`"></a>`) {
		return true
	}
	for _, match := range markdownHeading.FindAllStringSubmatch(page, -1) {
		text := notInAnchors.ReplaceAllString(strings.ToLower(match[1]), "")
		if strings.ReplaceAll(text, " ", "-") == anchor {
			return true
		}
	}
	return false
}
