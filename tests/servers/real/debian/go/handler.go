package main

import (
	"net/http"
	"strings"
)

// App is any handler of net/http.
type App = http.Handler

var paths = []string{"/ok", "/status/", "/vary/", "/other-vary/", "/own", "/own/", "/crash"}

func start(configure func(App) App) http.Handler {
	mux := http.NewServeMux()
	for _, path := range paths {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			// OPTIONS too, for preflights that are passed on.
			isVary := strings.HasPrefix(r.URL.Path, "/vary/")
			for _, method := range methods {
				if r.Method == method || isVary && r.Method == "OPTIONS" {
					answer(w, r.URL.Path)
					return
				}
			}
			w.WriteHeader(http.StatusMethodNotAllowed)
		})
	}
	return recovered(configure(mux))
}
