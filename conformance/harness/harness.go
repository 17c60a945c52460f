// Package harness is what the programs for Go share. A program is called with URI, CLUSTER_URI and perhaps names of cases; it prints
// `version V`, then `NAME passed` or `NAME failed: why` for each case. Every case begins on an empty store.
package harness

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"sort"
	"strings"
	"time"
)

// A Case is a test by name. It fails by panicking, as Same and Must do.
type Case struct {
	Name string
	Run  func()
}

// The time that a case may take; those of CLIENTS_LONG kill processes and wait until their leases end. A short run is
// ended as a whole, and then counts as left out, not as failed.
func caseTime() time.Duration {
	if os.Getenv("CLIENTS_LONG")+os.Getenv("CLIENTS_SHORT") != "" {
		return 15 * time.Minute
	}
	return 2 * time.Minute
}

// URI returns the address of the store.
func URI() string { return os.Args[1] }

// ClusterURI returns the address of a node of a cluster.
func ClusterURI() string { return os.Args[2] }

// Same fails unless the two are deeply equal.
func Same(actual, expected any) {
	if !reflect.DeepEqual(actual, expected) {
		panic(fmt.Sprintf("%#v is not %#v", actual, expected))
	}
}

// True fails with the text unless the condition holds.
func True(condition bool, text string) {
	if !condition {
		panic(text)
	}
}

// Must returns the value, or fails with the error.
func Must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Ok fails with the error, if there is one.
func Ok(err error) {
	if err != nil {
		panic(err)
	}
}

// Fails wants an error that contains the text.
func Fails(err error, text string) {
	if err == nil || !strings.Contains(err.Error(), text) {
		panic(fmt.Sprintf("%v is not an error with %q", err, text))
	}
}

// Until waits until the condition holds.
func Until(what string, condition func() bool) {
	for end := time.Now().Add(caseTime() / 2); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			panic(what + " did not come true in " + (caseTime() / 2).String())
		}
	}
}

// Send sends one inline command on a connection of its own, without any client.
func Send(uri, line string) {
	at := Must(url.Parse(uri))
	connection := Must(net.Dial("tcp", at.Host))
	defer connection.Close()
	answers := bufio.NewReader(connection)
	if password, ok := at.User.Password(); ok {
		fmt.Fprintf(connection, "AUTH %s\r\n", password)
		Must(answers.ReadString('\n'))
	}
	fmt.Fprintf(connection, "%s\r\n", line)
	Must(answers.ReadString('\n'))
}

// Figure prints a measurement, for the table at the end.
func Figure(name string, value any) { fmt.Printf("figure %s: %v\n", name, value) }

// Percentiles returns the median and the 99th percentile in milliseconds.
func Percentiles(times []time.Duration) (p50, p99 float64) {
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	return float64(times[len(times)/2].Microseconds()) / 1000, float64(times[len(times)*99/100].Microseconds()) / 1000
}

// Run runs the cases and ends the program. module is the path of the client, whose version is printed.
func Run(module string, cases []Case) {
	info, _ := debug.ReadBuildInfo()
	for _, each := range info.Deps {
		if each.Path == module {
			fmt.Println("version", strings.TrimPrefix(each.Version, "v"))
		}
	}
	status := 0
	for _, each := range cases {
		if len(os.Args) > 3 && !slices.Contains(os.Args[3:], each.Name) {
			continue
		}
		for _, uri := range os.Args[1:min(3, len(os.Args))] {
			Send(uri, "FLUSHALL")
		}
		if err := attempt(each.Run); err != nil {
			status = 1
			fmt.Printf("%s failed: %.300s\n", each.Name, strings.Join(strings.Fields(err.Error()), " "))
		} else {
			fmt.Println(each.Name, "passed")
		}
	}
	os.Exit(status)
}

func attempt(run func()) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if reason := recover(); reason != nil {
				fmt.Fprintln(os.Stderr, string(debug.Stack()))
				done <- fmt.Errorf("%v", reason)
			}
			close(done)
		}()
		run()
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(caseTime()):
		return errors.New("took longer than " + caseTime().String())
	}
}
