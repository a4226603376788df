// SPDX-License-Identifier: 0BSD OR MIT

// Restricts itself by go-landlock in three layers, and tries what they deny
// beside what they allow. Each try has a path of its own, and says how it went.
// usage: restricted-go FOLDER, in which are ro, rw and outside
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
)

func try(name string, err error) {
	if err == nil {
		fmt.Println("allowed", name)
	} else {
		fmt.Println("denied", name)
	}
}

func tryToRead(path string) {
	_, err := os.ReadFile(path)
	try("read "+path, err)
}

func tryToWrite(path string) {
	try("write "+path, os.WriteFile(path, nil, 0o644))
}

// A thread of the system for itself
func onThread(begin <-chan bool, done chan<- bool, path string) {
	runtime.LockOSThread()
	<-begin
	tryToRead(path)
	done <- true
}

// What denies a connection is not its peer
func connect(port int) error {
	socket, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		socket.Close()
	} else if opError, ok := err.(*net.OpError); ok && os.IsPermission(opError.Err) {
		return err
	}
	return nil
}

// The runtime interrupts a loop like this one by a signal to its thread
func interruptThreads() {
	go func() {
		for i := 0; ; i++ {
		}
	}()
	for i := 0; i < 20; i++ {
		runtime.GC()
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "restricted-go:", err)
		os.Exit(1)
	}
}

func main() {
	folder := os.Args[1]
	begin, done := make(chan bool), make(chan bool)
	for _, name := range []string{"earlier-1", "earlier-2", "earlier-3"} {
		go onThread(begin, done, folder+"/outside/"+name)
	}

	check(landlock.V5.BestEffort().RestrictPaths(
		landlock.RODirs("/usr", folder+"/ro"),
		landlock.RWDirs(folder+"/rw")))
	check(landlock.V5.BestEffort().RestrictNet(landlock.ConnectTCP(10)))
	check(landlock.V6.BestEffort().RestrictScoped())

	tryToRead(folder + "/ro/file")
	tryToWrite(folder + "/rw/new")
	tryToRead(folder + "/outside/file")
	tryToWrite(folder + "/ro/new")
	try("mkdir "+folder+"/rw/dir", os.Mkdir(folder+"/rw/dir", 0o755))
	try("mkdir "+folder+"/ro/dir", os.Mkdir(folder+"/ro/dir", 0o755))
	try("connect 9", connect(9))
	try("connect 10", connect(10))
	try("signal outside", syscall.Kill(os.Getppid(), 0))
	try("signal inside", syscall.Kill(os.Getpid(), 0))

	for i := 0; i < 3; i++ {
		begin <- true
		<-done
	}
	go onThread(begin, done, folder+"/outside/later")
	begin <- true
	<-done
	interruptThreads()
}
