package service

import "testing"

func TestActorIsCleaned(t *testing.T) {
	if got := localActor("an\x1b[31mna", "c\u202ei"); got != "local:an\ufffd[31mna@c\ufffdi" {
		t.Errorf("the actor is %q", got)
	}
}
