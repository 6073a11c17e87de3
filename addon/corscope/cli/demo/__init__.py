"""The demo: classic CORS failures, one button each, with what script saw beside corscope's word.

`cases` says which, `api` and `rules.toml` make them fail, `servers` has the two origins, `tail`
reads the journal, `stage` starts it all and `command` is the subcommand.
"""
