using System.Buffers;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Hosting.Logging;

/// <summary>
/// Writes log entries to a stream in etcd's form. Each line is written whole, at once and by the thread that logs, so that none is lost
/// when the process dies right after; per-request paths log nothing above debug.
/// </summary>
public sealed class EtcdLoggerProvider(Stream output, TimeProvider time) : ILoggerProvider
{
    private readonly Lock _writing = new();
    private readonly ArrayBufferWriter<byte> _line = new(512);

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
        // The stream is the process's standard error: not ours to close.
    }

    private void Write(LogLevel level, string caller, string message, object? state, Exception? error)
    {
        lock (_writing)
        {
            _line.ResetWrittenCount();
            EtcdLogLine.Write(_line, time.GetUtcNow(), level, caller, message, state, error, Activity.Current is { IdFormat: ActivityIdFormat.W3C } span ? span.Context : default);
            try
            {
                output.Write(_line.WrittenSpan);
                output.Flush();
            }
            catch (Exception gone) when (gone is IOException or ObjectDisposedException)
            {
                // Whoever read our standard error is gone, or the process ends and has closed it. There is nobody left to tell, and a store must not die of it.
            }
        }
    }

    private sealed class Logger(EtcdLoggerProvider provider, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            provider.Write(logLevel, category, formatter(state, exception), state, exception);
    }
}
