#pragma warning disable SYSLIB1015 // The point of the test: what the text does not name becomes a field.
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Hosting.Logging;
using Microsoft.Extensions.Logging;

namespace Hosting.Tests.Logging;

public sealed partial class EtcdLoggerProviderTests : IDisposable
{
    private readonly MemoryStream _output = new();
    private readonly ILogger _logger;

    public EtcdLoggerProviderTests() => _logger = new EtcdLoggerProvider(_output, new FixedTime()).CreateLogger("Some.Category");

    [LoggerMessage(Level = LogLevel.Warning, Message = "a {word} happened")]
    private static partial void Happened(ILogger logger, string word, int dataSize, Exception? error);

    [Fact]
    public void Log_MessageWithFields_IsOneLineInEtcdsForm()
    {
        Happened(_logger, "\"thing\"\n", 3, null);
        Assert.Equal(
            """{"level":"warn","ts":"2026-01-02T03:04:05.678901Z","caller":"Some.Category","msg":"a \"thing\"\n happened","word":"\"thing\"\n","data-size":3}""" + "\n",
            Encoding.UTF8.GetString(_output.ToArray()));
    }

    [Fact]
    public void Log_Exception_BecomesTheErrorField()
    {
        Happened(_logger, "x", 0, new InvalidOperationException("broken"));
        Assert.Equal("broken", JsonDocument.Parse(_output.ToArray()).RootElement.GetProperty("error").GetString());
    }

    [Fact]
    public void Log_OutputClosed_LeavesWhoLogsAlone()
    {
        // A thread that outlives a refused start still has something to say.
        _output.Dispose();
        Happened(_logger, "x", 0, null);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "told of later")]
    private static partial void ToldLater(ILogger logger, int number, ActivityContext trace);

    [Fact]
    public void Log_WithinASpan_CarriesItsIds()
    {
        using var span = new Activity("a request").SetIdFormat(ActivityIdFormat.W3C).Start();
        Happened(_logger, "x", 0, new InvalidOperationException("broken"));
        Assert.EndsWith(
            $$"""
            "data-size":0,"error":"broken","trace_id":"{{span.TraceId}}","span_id":"{{span.SpanId}}"}

            """.ReplaceLineEndings("\n"),
            Encoding.UTF8.GetString(_output.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Log_OfAnotherTrace_CarriesThatOne()
    {
        using var span = new Activity("somebody else's").SetIdFormat(ActivityIdFormat.W3C).Start();
        var (trace, request) = (ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom());
        ToldLater(_logger, 7, new ActivityContext(trace, request, ActivityTraceFlags.None));
        Assert.EndsWith(
            $$"""
            "msg":"told of later","number":7,"trace_id":"{{trace}}","span_id":"{{request}}"}

            """.ReplaceLineEndings("\n"),
            Encoding.UTF8.GetString(_output.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_FromManyThreads_KeepsLinesWhole()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 500), (n, _) =>
        {
            Happened(_logger, "thing", n, null);
            return ValueTask.CompletedTask;
        });
        var sizes = Encoding.UTF8.GetString(_output.ToArray()).TrimEnd('\n').Split('\n')
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("data-size").GetInt32());
        Assert.Equal(Enumerable.Range(0, 500), sizes.Order());
    }

    [Theory]
    [InlineData("debug", LogLevel.Debug)]
    [InlineData("info", LogLevel.Information)]
    [InlineData("warn", LogLevel.Warning)]
    [InlineData("error", LogLevel.Error)]
    [InlineData("panic", LogLevel.Critical)]
    [InlineData("fatal", LogLevel.Critical)]
    public void TryParse_EtcdsNames_AreKnown(string name, LogLevel level)
    {
        Assert.True(EtcdLogLevels.TryParse(name, out var parsed));
        Assert.Equal(level, parsed);
    }

    [Fact]
    public void TryParse_OtherNames_AreNot() => Assert.False(EtcdLogLevels.TryParse("Information", out _));

    public void Dispose() => _output.Dispose();

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero).AddMicroseconds(901);
    }
}
