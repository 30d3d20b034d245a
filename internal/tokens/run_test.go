package tokens_test

import (
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestClaimedRun(t *testing.T) {
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	type environment = map[string]string
	gitHub := environment{
		"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/infra",
		"GITHUB_RUN_ID": "4711", "GITHUB_RUN_ATTEMPT": "1",
	}
	with := func(one environment, name, value string) environment {
		other := environment{name: value}
		for name, value := range one {
			if _, set := other[name]; !set {
				other[name] = value
			}
		}
		return other
	}
	for name, test := range map[string]struct {
		environment environment
		want        string
	}{
		"none":              {environment{"CI": "true"}, ""},
		"named":             {environment{"LATCHKEY_RUN": "Jenkins deploy #12"}, "Jenkins deploy #12"},
		"named over GitHub": {with(gitHub, "LATCHKEY_RUN", "by hand"), "by hand"},
		"GitHub":            {gitHub, "https://github.com/acme/infra/actions/runs/4711"},
		"GitHub, again": {with(gitHub, "GITHUB_RUN_ATTEMPT", "2"),
			"https://github.com/acme/infra/actions/runs/4711/attempts/2"},
		"GitHub, not told where": {with(gitHub, "GITHUB_SERVER_URL", ""), "acme/infra run 4711"},
		"GitHub, elsewhere":      {with(gitHub, "GITHUB_ACTIONS", ""), ""},
		"GitLab": {environment{"GITLAB_CI": "true", "CI_JOB_URL": "https://gitlab.example/acme/infra/-/jobs/12",
			"CI_PIPELINE_URL": "https://gitlab.example/acme/infra/-/pipelines/3"},
			"https://gitlab.example/acme/infra/-/jobs/12"},
		"GitLab, without the job": {environment{"GITLAB_CI": "true",
			"CI_PIPELINE_URL": "https://gitlab.example/acme/infra/-/pipelines/3"},
			"https://gitlab.example/acme/infra/-/pipelines/3"},
		"HCP Terraform": {environment{"TFC_RUN_ID": "run-UnJkr2KzjPVCGMHB", "TFC_WORKSPACE_SLUG": "acme/prod"},
			"acme/prod run-UnJkr2KzjPVCGMHB"},
		"HCP Terraform, without a workspace": {environment{"TFC_RUN_ID": "run-UnJkr2KzjPVCGMHB"}, "run-UnJkr2KzjPVCGMHB"},
		"Atlantis, a custom step": {environment{"ATLANTIS_TERRAFORM_VERSION": "1.11.4",
			"PULL_URL": "https://github.com/acme/infra/pull/8", "PULL_NUM": "8"}, "https://github.com/acme/infra/pull/8"},
		"Atlantis, an older one": {environment{"ATLANTIS_TERRAFORM_VERSION": "1.11.4", "PULL_NUM": "8",
			"BASE_REPO_OWNER": "acme", "BASE_REPO_NAME": "infra"}, "Atlantis acme/infra pull 8"},
		"Atlantis, its own step": {environment{"ATLANTIS_TERRAFORM_VERSION": "1.11.4", "WORKSPACE": "default",
			"DIR": "/home/atlantis/.atlantis/repos/acme/infra/8/default/prod"}, "Atlantis acme/infra pull 8"},
		"Atlantis, at the top": {environment{"ATLANTIS_TERRAFORM_VERSION": "1.11.4",
			"DIR": "/data/repos/acme/sub/infra/8/default"}, "Atlantis acme/sub/infra pull 8"},
		"Atlantis, somewhere else": {environment{"ATLANTIS_TERRAFORM_VERSION": "1.11.4", "DIR": "/src"}, ""},
		"somebody's DIR":           {environment{"DIR": "/data/repos/acme/infra/8/default", "PULL_NUM": "8"}, ""},

		// What deceives or tells a secret is no name of a run.
		"in another normal form":  {environment{"LATCHKEY_RUN": "a\u0308"}, "ä"},
		"a line end":              {environment{"LATCHKEY_RUN": " one\ntwo\n"}, "one two"},
		"an escape sequence":      {environment{"LATCHKEY_RUN": "\x1b[31mred"}, ""},
		"another direction":       {environment{"LATCHKEY_RUN": "a\u202eb"}, ""},
		"no UTF-8":                {environment{"LATCHKEY_RUN": "a\xff"}, ""},
		"a mark without a letter": {environment{"LATCHKEY_RUN": "\u0308a"}, ""},
		"a password in an address": {
			environment{"LATCHKEY_RUN": "job of https://oauth2:pass@git.example.com/a/-/jobs/1"}, "job of https://git.example.com/a/-/jobs/1",
		},
		"a query in an address": {
			with(environment{"GITLAB_CI": "true"}, "CI_JOB_URL", "https://x@git.example.com/jobs/1?token=abc#l1"), "https://git.example.com/jobs/1",
		},
		"blank":                 {environment{"LATCHKEY_RUN": " \t"}, ""},
		"long":                  {environment{"LATCHKEY_RUN": strings.Repeat("ä", 256)}, strings.Repeat("ä", 256)},
		"too long":              {environment{"LATCHKEY_RUN": strings.Repeat("ä", 257)}, ""},
		"a value":               {environment{"LATCHKEY_RUN": "run " + secret.Reveal()}, ""},
		"most of a value":       {environment{"LATCHKEY_RUN": secret.Reveal()[:40]}, ""},
		"a value in an address": {with(gitHub, "GITHUB_RUN_ID", secret.Reveal()), ""},
		"deceiving over GitHub": {with(gitHub, "LATCHKEY_RUN", "\x1b[31m"), "https://github.com/acme/infra/actions/runs/4711"},
	} {
		t.Run(name, func(t *testing.T) {
			got := tokens.ClaimedRun(func(name string) (string, bool) {
				value, ok := test.environment[name]
				return value, ok
			})
			if got != test.want {
				t.Errorf("the run is %q, want %q", got, test.want)
			}
		})
	}
}
