namespace Bench.Workloads;

/// <summary>One load, whatever the server.</summary>
internal sealed record LoadOptions
{
    public required WorkloadKind Workload { get; init; }

    /// <summary>Closed-loop clients: each has one request in flight.</summary>
    public int Clients { get; init; } = 100;

    /// <summary>Connections that the clients share; 0 means ten clients a connection, at most 50.</summary>
    public int Connections { get; init; }

    /// <summary>Length of the measured phase.</summary>
    public double Seconds { get; init; } = 5;

    /// <summary>The same load, not measured, right before.</summary>
    public double WarmupSeconds { get; init; } = 1;

    public int ValueBytes { get; init; } = 256;

    /// <summary>Puts and txns go to random keys out of this many.</summary>
    public int KeySpace { get; init; } = 100_000;

    /// <summary>Keys written before a range load, which then reads them at random.</summary>
    public int PrefillKeys { get; init; } = 10_000;

    /// <summary>Watchers in all; for watch-keys also the number of keys.</summary>
    public int Watchers { get; init; } = 1_000;

    /// <summary>Watch streams that the watchers share.</summary>
    public int Streams { get; init; } = 10;

    /// <summary>Watchers on top that read nothing once they stand, each with a connection of its own.</summary>
    public int SlowWatchers { get; init; }

    /// <summary>Rate of the fan-out's writer; 0 means as fast as events are delivered.</summary>
    public double PutsPerSecond { get; init; }

    public int EffectiveConnections => Connections > 0 ? Connections : Math.Clamp((Clients + 9) / 10, 1, 50);
}
