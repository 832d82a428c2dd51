using Bench.Http2;
using Bench.Measure;

namespace Bench.Workloads;

/// <summary>What the calls of a load share.</summary>
/// <param name="Connections">For unary calls and keep-alive streams.</param>
/// <param name="StreamConnections">One for each watch stream, so that events never queue behind the puts' answers.</param>
internal sealed record LoadContext(
    LoadOptions Options,
    IReadOnlyList<Connection> Connections,
    IReadOnlyList<Connection> StreamConnections,
    LatencyRecorder Recorder,
    ErrorLog Errors)
{
    /// <summary>One for each watcher that reads nothing.</summary>
    public IReadOnlyList<Connection> SlowConnections { get; init; } = [];

    /// <summary>The connection of client <paramref name="number"/>.</summary>
    public Connection ConnectionOf(int number) => Connections[number % Connections.Count];
}
