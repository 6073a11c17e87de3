package main

import (
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// App is what Echo's middleware is added to.
type App = *echo.Echo

func start(configure func(App) App) http.Handler {
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	e.Use(middleware.Recover())
	e = configure(e)
	for _, path := range []string{"/ok", "/status/:status", "/vary/:lines", "/other-vary/:lines", "/own", "/own/:names", "/crash"} {
		e.Match(methods, path, func(c echo.Context) error {
			answer(c.Response(), c.Request().URL.Path)
			return nil
		})
	}
	return e
}
