using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Hosting.Metrics;

/// <summary>Answers scrapes: every method, as etcd does; compressed for whoever takes gzip, with exemplars for whoever asks for OpenMetrics.</summary>
public sealed class MetricsEndpoint(Lazy<MetricRegistry> all) : IMetricSource
{
    public const string Path = "/metrics";

    private readonly Gauge _inFlight = new();
    private readonly Labeled<Counter> _requests = NewRequests();

    public void Describe(MetricRegistry registry)
    {
        registry.Add("promhttp_metric_handler_requests_in_flight", "Current number of scrapes being served.", _inFlight);
        registry.Add("promhttp_metric_handler_requests_total", "Total number of scrapes by HTTP status code.", _requests);
    }

    public async Task HandleAsync(HttpContext context)
    {
        _inFlight.Add(1);
        try
        {
            if (OpenMetricsFormat.IsAskedFor(context.Request.Headers.Accept))
                await WriteAsync(context, OpenMetricsFormat.ContentType, OpenMetricsFormat.Write(all.Value.Families)).ConfigureAwait(false);
            else
                await WriteAsync(context, TextFormat.ContentType, TextFormat.Write(all.Value.Families)).ConfigureAwait(false);
            _requests.With("200").Increment();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            _requests.With("500").Increment();
            throw;
        }
        finally
        {
            _inFlight.Add(-1);
        }
    }

    private static async Task WriteAsync(HttpContext context, string contentType, string text)
    {
        var response = context.Response;
        var body = Encoding.UTF8.GetBytes(text);
        response.ContentType = contentType;
        if (AcceptsGzip(context.Request))
        {
            response.Headers.ContentEncoding = "gzip";
            body = Compress(body);
        }
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    private static bool AcceptsGzip(HttpRequest request) =>
        request.Headers.AcceptEncoding.SelectMany(static value => (value ?? "").Split(',')).Any(static coding =>
        {
            var parts = coding.Split(';', StringSplitOptions.TrimEntries);
            return parts[0].Equals("gzip", StringComparison.OrdinalIgnoreCase) && !parts.Skip(1).Any(static part => part is "q=0" or "q=0.0" or "q=0.00" or "q=0.000");
        });

    private static byte[] Compress(byte[] body)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(body);
        return output.ToArray();
    }

    private static Labeled<Counter> NewRequests()
    {
        var requests = new Labeled<Counter>(static () => new Counter(), "code");
        foreach (var code in (string[])["200", "500", "503"])
            requests.With(code);
        return requests;
    }
}

/// <summary>How a process gets metrics.</summary>
public static class MetricsExtensions
{
    /// <summary>Registers the registry and what any process tells of itself, once.</summary>
    public static void AddMetricRegistry(this IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(MetricRegistry)))
            return;
        services.AddSingleton(static provider => new MetricRegistry(provider.GetServices<IMetricSource>()));
        // Parts of the process are made by being asked for their metrics, and not before they are needed.
        services.AddSingleton(static provider => new Lazy<MetricRegistry>(provider.GetRequiredService<MetricRegistry>));
        services.AddSingleton<MetricsEndpoint>();
        services.AddSingleton<IMetricSource>(static provider => provider.GetRequiredService<MetricsEndpoint>());
        services.AddSingleton<IMetricSource, ProcessMetrics>();
    }

    /// <summary>A part of the process that has metrics.</summary>
    public static IServiceCollection AddMetricSource<T>(this IServiceCollection services, Func<IServiceProvider, T> source)
        where T : class, IMetricSource =>
        services.AddSingleton<IMetricSource>(source);

    /// <summary>Maps scrapes at <see cref="MetricsEndpoint.Path"/>.</summary>
    internal static IEndpointConventionBuilder MapMetrics(this IEndpointRouteBuilder app) =>
        app.Map(MetricsEndpoint.Path, static context => context.RequestServices.GetRequiredService<MetricsEndpoint>().HandleAsync(context));
}
