# Serves a Rack application many times over: with each of the configurations that stand on the first
# line of standard input, and as often without any. Writes the ports as one line of JSON, and ends
# when standard input does.
#
#     ruby rack.rb    <  {"configs": ["use Rack::Cors do …", …]}
#     {"real": [{"port": 1}, {"error": "…"}], "bare": [2, 3]}

require "json"
require "puma"
require "puma/events"
require "puma/server"
require "rack"
require "rack/cors"

METHODS = %w[GET POST PUT DELETE PATCH]

APPLICATION = lambda do |env|
  path = env["PATH_INFO"]
  status = path[%r{\A/status/(\d+)\z}, 1].to_i
  lines = path[%r{\A/vary/(.+)\z}, 1]
  names = path[%r{\A/own/(.+)\z}, 1]
  own = {
    "/ok" => {},
    "/vary/#{lines}" => { "Vary" => lines&.tr("+", "\n") },
    "/own/#{names}" => names.to_s.split("+").to_h { |name| [name, "own"] },
    "/own" => { "Access-Control-Allow-Origin" => "https://own.test" },
  }
  next [405, {}, ["method"]] unless METHODS.include?(env["REQUEST_METHOD"])
  raise "crash" if path == "/crash"
  next [status, {}, [204, 304].include?(status) ? [] : ["status"]] if status > 0
  own.key?(path) ? [200, own[path], ["body"]] : [404, {}, ["missing"]]
end

def start(config)
  application = Rack::Builder.new do
    instance_eval(config)
    run APPLICATION
  end
  options = { min_threads: 1, max_threads: 1 }
  server = Puma::Server.new(application.to_app, Puma::Events.strings, options)
  port = server.add_tcp_listener("127.0.0.1", 0).addr[1]
  server.run
  port
end

def configured(config)
  { port: start(config) }
rescue StandardError, ScriptError => e
  { error: e.message }
end

configs = JSON.parse($stdin.gets)["configs"]
real = configs.map { |config| configured(config) }
puts JSON.generate({ real: real, bare: configs.map { start("") } })
$stdout.flush
$stdin.read
exit!
