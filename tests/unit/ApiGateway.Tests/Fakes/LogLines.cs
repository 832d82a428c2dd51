using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace ApiGateway.Tests.Fakes;

/// <summary>What is logged from now on under one event id: the fields of each line, by name, its text as "msg".</summary>
internal sealed class LogLines(int eventId) : ILoggerProvider, ILogger
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    private readonly Channel<IReadOnlyDictionary<string, object?>> _lines = Channel.CreateUnbounded<IReadOnlyDictionary<string, object?>>();

    public async Task<IReadOnlyDictionary<string, object?>> NextAsync()
    {
        using var limit = new CancellationTokenSource(s_patience);
        return await _lines.Reader.ReadAsync(limit.Token);
    }

    public bool HasMore => _lines.Reader.TryPeek(out _);

    public ILogger CreateLogger(string categoryName) => this;

    public void Log<TState>(LogLevel logLevel, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (id.Id != eventId || state is not IEnumerable<KeyValuePair<string, object?>> fields)
            return;
        var line = fields.ToDictionary(static field => field.Key, static field => field.Value);
        line["msg"] = formatter(state, exception);
        _lines.Writer.TryWrite(line);
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Dispose()
    {
        // Nothing is held.
    }
}
