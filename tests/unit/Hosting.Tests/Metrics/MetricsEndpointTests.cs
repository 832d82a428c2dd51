using System.IO.Compression;
using System.Text;
using Hosting.Metrics;
using Microsoft.AspNetCore.Http;

namespace Hosting.Tests.Metrics;

/// <summary>Scrapes, without a server around them.</summary>
public sealed class MetricsEndpointTests
{
    private readonly MetricsEndpoint _endpoint;

    public MetricsEndpointTests()
    {
        MetricRegistry? registry = null;
        _endpoint = new MetricsEndpoint(new Lazy<MetricRegistry>(() => registry!));
        registry = new MetricRegistry([_endpoint, new ProcessMetrics()]);
    }

    private async Task<(HttpResponse Response, byte[] Body)> ScrapeAsync(string method = "GET", string? acceptEncoding = null, string? accept = null)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        if (acceptEncoding is not null)
            context.Request.Headers.AcceptEncoding = acceptEncoding;
        if (accept is not null)
            context.Request.Headers.Accept = accept;
        var body = new MemoryStream();
        context.Response.Body = body;
        await _endpoint.HandleAsync(context);
        return (context.Response, body.ToArray());
    }

    [Fact]
    public async Task Scrape_IsTextOfVersion004()
    {
        var (response, body) = await ScrapeAsync();
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8; escaping=underscores", response.ContentType);
        Assert.Equal(body.Length, response.ContentLength);
        Assert.Contains("promhttp_metric_handler_requests_in_flight 1\n", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/openmetrics-text", true)]
    [InlineData("application/openmetrics-text; version=1.0.0; charset=utf-8", true)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", true)]
    [InlineData("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;q=0.4", false)]
    [InlineData("application/openmetrics-text;q=0", false)]
    [InlineData("application/openmetrics-text;version=2.0.0", false)]
    [InlineData("text/plain", false)]
    [InlineData("*/*", false)]
    public async Task Scrape_OpenMetrics_IsForWhoAsksForIt(string accept, bool isOpenMetrics)
    {
        var (response, body) = await ScrapeAsync(accept: accept);
        Assert.Equal(isOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : TextFormat.ContentType, response.ContentType);
        Assert.Equal(isOpenMetrics, Encoding.UTF8.GetString(body).EndsWith("# EOF\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Scrape_CountsItself()
    {
        await ScrapeAsync();
        var (_, body) = await ScrapeAsync();
        Assert.Contains("promhttp_metric_handler_requests_total{code=\"200\"} 1\n", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("deflate, gzip;q=1.0, *;q=0.5", true)]
    [InlineData("gzip;q=0", false)]
    [InlineData("deflate", false)]
    [InlineData("", false)]
    public async Task Scrape_IsCompressedForWhoTakesIt(string acceptEncoding, bool isCompressed)
    {
        var (response, body) = await ScrapeAsync(acceptEncoding: acceptEncoding);
        Assert.Equal(isCompressed ? "gzip" : "", response.Headers.ContentEncoding.ToString());
        using var text = new StreamReader(isCompressed ? new GZipStream(new MemoryStream(body), CompressionMode.Decompress) : new MemoryStream(body));
        Assert.StartsWith("# HELP ", await text.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Head_HasNoBody()
    {
        var (response, body) = await ScrapeAsync("HEAD");
        Assert.Empty(body);
        Assert.True(response.ContentLength > 0);
    }

    [Theory]
    [InlineData("process_resident_memory_bytes")]
    [InlineData("process_virtual_memory_bytes")]
    [InlineData("process_open_fds")]
    [InlineData("process_max_fds")]
    [InlineData("process_cpu_seconds_total")]
    [InlineData("process_start_time_seconds")]
    public async Task Process_TellsOfItself(string name)
    {
        var (_, body) = await ScrapeAsync();
        var line = Encoding.UTF8.GetString(body).Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        Assert.True(double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) > 0);
    }
}
