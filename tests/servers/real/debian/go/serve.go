// Serves an application many times over: with each of the configurations that were compiled in,
// and as often without any. Writes the ports as one line of JSON, and ends when standard input does.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
)

func main() {
	log.SetOutput(io.Discard)
	real := []map[string]any{}
	bare := []int{}
	for _, configure := range configs {
		real = append(real, configured(configure))
		bare = append(bare, serve(start(func(app App) App { return app })))
	}
	told, _ := json.Marshal(map[string]any{"real": real, "bare": bare})
	fmt.Println(string(told))
	io.Copy(io.Discard, os.Stdin)
}

func configured(configure func(App) App) (told map[string]any) {
	defer func() {
		if err := recover(); err != nil {
			told = map[string]any{"error": fmt.Sprint(err)}
		}
	}()
	return map[string]any{"port": serve(start(configure))}
}

func serve(handler http.Handler) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, handler)
	return listener.Addr().(*net.TCPAddr).Port
}

var methods = []string{"GET", "POST", "PUT", "DELETE", "PATCH"}

// What the application does on a path that it knows.
func answer(w http.ResponseWriter, path string) {
	switch {
	case strings.HasPrefix(path, "/vary/"):
		for _, line := range strings.Split(strings.TrimPrefix(path, "/vary/"), "+") {
			w.Header().Add("Vary", line)
		}
	case strings.HasPrefix(path, "/other-vary/"):
		w.Header().Set("Vary", strings.ReplaceAll(strings.TrimPrefix(path, "/other-vary/"), "+", ", "))
	case strings.HasPrefix(path, "/own/"):
		for _, name := range strings.Split(strings.TrimPrefix(path, "/own/"), "+") {
			w.Header().Set(name, "own")
		}
	case path == "/own":
		w.Header().Set("Access-Control-Allow-Origin", "https://own.test")
	case path == "/crash":
		panic("crash")
	case strings.HasPrefix(path, "/status/"):
		status, _ := strconv.Atoi(strings.TrimPrefix(path, "/status/"))
		w.WriteHeader(status)
		if status == 204 || status == 304 {
			return
		}
	}
	w.Write([]byte("body"))
}

// Without this, which every router brings, net/http closes the connection.
func recovered(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		handler.ServeHTTP(w, r)
	})
}
