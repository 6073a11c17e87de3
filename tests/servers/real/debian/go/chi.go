package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

// App is what chi's middleware is added to.
type App = *chi.Mux

func start(configure func(App) App) http.Handler {
	r := chi.NewRouter()
	r.Use(recovered)
	r = configure(r)
	for _, path := range []string{"/ok", "/status/{status}", "/vary/{lines}", "/other-vary/{lines}", "/own", "/own/{names}", "/crash"} {
		for _, method := range methods {
			r.MethodFunc(method, path, func(w http.ResponseWriter, r *http.Request) { answer(w, r.URL.Path) })
		}
	}
	return r
}
