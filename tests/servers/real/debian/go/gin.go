package main

import (
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
)

// App is what gin's middleware is added to.
type App = *gin.Engine

func start(configure func(App) App) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(gin.RecoveryWithWriter(io.Discard))
	router = configure(router)
	for _, path := range []string{"/ok", "/status/:status", "/vary/:lines", "/other-vary/:lines", "/own", "/own/:names", "/crash"} {
		for _, method := range methods {
			router.Handle(method, path, func(c *gin.Context) { answer(c.Writer, c.Request.URL.Path) })
		}
	}
	return router
}
