using LeaseManager.Core;

namespace Simulation.Leases;

/// <summary>What may go wrong in one history of lease managers. Times in milliseconds of the world's clock.</summary>
internal sealed record LeaseProfile
{
    /// <summary>Clocks of managers run up to so much fast or slow: the bound that the design allows for.</summary>
    public const double MaxDrift = 0.04;

    public required int Managers { get; init; }
    public required int Leases { get; init; }

    /// <summary>The faulty part of the history; afterwards everything works.</summary>
    public required int Length { get; init; }

    public required int MaxDelay { get; init; }
    public required double LossRate { get; init; }

    /// <summary>Mean time between faults of all managers; 0: none.</summary>
    public required int FaultEvery { get; init; }

    /// <summary>Mean time between claims that nobody needs, as an election makes them; 0: none.</summary>
    public required int CoupEvery { get; init; }

    /// <summary>Mean time between keep-alives of a lease that is kept alive.</summary>
    public required int KeepAliveEvery { get; init; }

    /// <summary>Of leases, how many are kept alive for a while.</summary>
    public required double KeptRate { get; init; }

    public required int CheckpointInterval { get; init; }

    /// <summary>Of leases, how many run for long enough to be checkpointed.</summary>
    public double LongRate { get; init; } = 0.25;

    /// <summary>For how long a lease is kept alive, at most.</summary>
    public int KeptFor { get; init; } = 20_000;

    /// <summary>When a manager claims without need, the others do not hear of it for a while.</summary>
    public bool HidesCoups { get; init; }

    /// <summary>Mean time between feeds that start over; 0: only as one fault of many.</summary>
    public int ResetEvery { get; init; }

    public LeaseDefects Defects { get; init; }

    public LeaseShellDefects ShellDefects { get; init; }

    public static LeaseProfile Draw(Random random) => new()
    {
        Managers = random.Next(1, 4),
        Leases = random.Next(1, 12),
        Length = random.Next(10_000, 40_000),
        MaxDelay = random.Next(4) switch { 0 => 1, 1 => 20, 2 => 100, _ => 300 },
        LossRate = random.Next(3) == 0 ? 0.1 : 0,
        FaultEvery = random.Next(4) == 0 ? 0 : random.Next(500, 5000),
        CoupEvery = random.Next(2) == 0 ? 0 : random.Next(1000, 8000),
        KeepAliveEvery = random.Next(100, 1500),
        KeptRate = random.NextDouble(),
        CheckpointInterval = random.Next(2) == 0 ? 5000 : 60_000,
    };
}

/// <summary>Mistakes of what is around the core: the shell, and the state machine.</summary>
[Flags]
internal enum LeaseShellDefects
{
    None = 0,

    /// <summary>Expiries are taken whatever claim they were decided under.</summary>
    ExpireUnderAnyClaim = 1 << 0,

    /// <summary>Checkpoints are taken whatever claim they were decided under.</summary>
    CheckpointUnderAnyClaim = 1 << 1,

    /// <summary>An expiry ends a lease that was granted again under its id.</summary>
    ExpireWithoutIndex = 1 << 2,

    /// <summary>A proof is taken without the feed having reached its read index.</summary>
    ProveWithoutFeed = 1 << 3,
}
