package main

import (
	"os"
	"os/signal"

	"golang.org/x/term"
)

// interruptedExit is the exit code of a program that was interrupted, by the convention of shells.
const interruptedExit = 130

// readHidden reads a line from the terminal on standard input without showing it. If it is interrupted, it restores the
// terminal before the program ends; the library would leave it silent.
func readHidden() (string, error) {
	terminal := int(os.Stdin.Fd())
	state, err := term.GetState(terminal)
	if err != nil {
		return "", err
	}
	interrupts := make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(interrupts, os.Interrupt)
	defer func() {
		signal.Stop(interrupts)
		close(done)
	}()
	go func() {
		select {
		case <-interrupts:
			_ = term.Restore(terminal, state)
			os.Exit(interruptedExit)
		case <-done:
		}
	}()
	line, err := term.ReadPassword(terminal)
	return string(line), err
}

// terminalWidth returns how many columns the terminal at standard output has, or zero if it is none or does not say.
func terminalWidth() int {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return width
}
