// Serves an application many times over: configured by each of the functions in configs.cs, and as
// often as it is. Writes the ports as one line of JSON, and ends when standard input does.

using System;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

// Mono's compiler fails where a method has an overload that takes a span in a text's place. So this
// stands for the one that configurations use, and some others are gone round below.
static class Regex
{
    public static bool IsMatch(string input, string pattern)
    {
        return new System.Text.RegularExpressions.Regex(pattern).Match(input).Success;
    }
}

class Server
{
    public int port { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string error { get; set; }
}

class Told
{
    public Server[] real { get; set; }
    public int[] bare { get; set; }
}

delegate WebApplication Configure(WebApplicationBuilder builder);

static class Serve
{
    static readonly string[] Methods =
        { "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "QUERY" };

    static void Main()
    {
        var real = Configs.All.Select(Configured).ToArray();
        var bare = Configs.All.Select(_ => Started(builder => builder.Build())).ToArray();
        Console.WriteLine(JsonSerializer.Serialize(new Told { real = real, bare = bare }));
        Console.In.ReadToEnd();
        Environment.Exit(0);
    }

    static Server Configured(Configure configure)
    {
        try
        {
            return new Server { port = Started(configure) };
        }
        catch (Exception refused)
        {
            return new Server { error = refused.Message };
        }
    }

    static int Started(Configure configure)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrel();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = configure(builder);
        app.Run(Respond);
        app.StartAsync().Wait();
        return new Uri(app.Urls.Single()).Port;
    }

    static string[] Parts(string text, char separator, int most)
    {
        return text.Split(new[] { separator }, most);
    }

    static async Task Respond(HttpContext context)
    {
        var request = context.Request;
        var response = context.Response;
        var parts = Parts(request.Path.Value, '/', 3);
        var rest = parts.Length > 2 ? parts[2] : null;
        if (!Methods.Contains(request.Method))
        {
            response.StatusCode = 405;
            return;
        }
        switch (parts[1])
        {
            case "ok":
                break;
            case "status":
                response.StatusCode = Convert.ToInt32(rest);
                if (rest == "204" || rest == "205" || rest == "304") return;
                break;
            case "vary":
                foreach (var line in Parts(rest, '+', int.MaxValue))
                    HeaderDictionaryExtensions.Append(response.Headers, "Vary", line);
                break;
            case "other-vary":
                response.Headers["Vary"] = rest.Replace("+", ", ");
                break;
            case "own":
                if (rest == null)
                    response.Headers["Access-Control-Allow-Origin"] = "https://own.test";
                else
                    foreach (var name in Parts(rest, '+', int.MaxValue)) response.Headers[name] = "own";
                break;
            case "crash":
                throw new InvalidOperationException("crash");
            default:
                response.StatusCode = 404;
                return;
        }
        await response.WriteAsync("body");
    }
}
