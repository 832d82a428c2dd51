using Storage.Contracts;
using WatchHub.Core;

namespace WatchSimulation.World;

/// <summary>Mistakes of what surrounds the core, to be found like those of the core.</summary>
internal enum ShellDefects
{
    None,

    /// <summary>A feed that broke is opened again one revision too late.</summary>
    FeedResumesLate,

    /// <summary>History of a replica that is behind is taken for all there is.</summary>
    HistoryOfReplicaBehind,

    /// <summary>A gateway resumes its watches at the last revision delivered.</summary>
    GatewayResumesEarly,

    /// <summary>A gateway resumes its watches one revision too late.</summary>
    GatewayResumesLate,

    /// <summary>A gateway does not tell the hub what its client has seen already.</summary>
    GatewayForgetsSeen,

    /// <summary>v2: to a watch that is resumed, everything before is history.</summary>
    GatewayBeginsAnew,
}

/// <summary>What may happen in one history. Each kind of fault is left out of some: what is rare among many shows by itself. Times are in milliseconds of virtual time.</summary>
internal sealed record Profile
{
    public HubDefects Defects { get; init; }
    public ShellDefects ShellDefects { get; init; }

    /// <summary>v2 has one event a revision, no compaction, and documents instead of encoded events.</summary>
    public KeySpace Space { get; init; } = KeySpace.V3;

    public int Hubs { get; init; } = 2;
    public int Replicas { get; init; } = 2;
    public int Gateways { get; init; } = 2;
    public int Clients { get; init; } = 4;
    public int Keys { get; init; } = 6;
    public int MaxKeysOfARevision { get; init; } = 4;

    /// <summary>Mean time between two writes, creates, cancels, progress requests.</summary>
    public int WriteEvery { get; init; } = 20;
    public int CreateEvery { get; init; } = 100;
    public int CancelEvery { get; init; } = 400;
    public int ProgressEvery { get; init; } = 150;

    /// <summary>Mean time between two faults of a kind; 0 is never.</summary>
    public int CompactEvery { get; init; }
    public int HubCrashEvery { get; init; }
    public int HubFreezeEvery { get; init; }
    public int SessionLossEvery { get; init; }
    public int MoveEvery { get; init; }
    public int FeedBreakEvery { get; init; }
    public int GatewayRestartEvery { get; init; }
    public int ReaderStallEvery { get; init; }

    /// <summary>Longest time a replica, a feed batch, a history answer, a message takes.</summary>
    public int MaxApplyDelay { get; init; } = 20;
    public int MaxFeedDelay { get; init; } = 20;
    public int MaxHistoryDelay { get; init; } = 50;
    public int MaxNetworkDelay { get; init; } = 5;

    /// <summary>Longest time a client takes between two reads.</summary>
    public int MaxReadDelay { get; init; } = 10;

    /// <summary>Messages of one read at most.</summary>
    public int ReadMessages { get; init; } = 64;

    /// <summary>Revisions of one feed batch at most.</summary>
    public int FeedBatch { get; init; } = 8;

    /// <summary>A replica still feeds what compaction took of its history, as long as it has it in memory: probability.</summary>
    public double FeedsCompacted { get; init; } = 0.5;

    public int BookmarkEvery { get; init; } = 500;

    /// <summary>Hubs' clocks run this much faster or slower.</summary>
    public double Drift { get; init; }

    public HubLimits Limits { get; init; } = new();

    /// <summary>Catch-up of one turn.</summary>
    public int TurnRevisions { get; init; } = 20;

    /// <summary>The guarantees are checked after every step, not only at the end.</summary>
    public bool ChecksEveryStep { get; init; }

    public int Length { get; init; } = 3_000;

    public static Profile Draw(Random random)
    {
        int Sometimes(int mean) => random.Next(3) == 0 ? 0 : mean / 2 + random.Next(mean);
        var checksEveryStep = random.Next(8) == 0;
        var profile = new Profile
        {
            Hubs = 1 + random.Next(3),
            Replicas = 1 + random.Next(3),
            Gateways = 1 + random.Next(2),
            Clients = 1 + random.Next(5),
            Keys = 1 + random.Next(10),
            MaxKeysOfARevision = random.Next(3) == 0 ? 1 : 8,
            WriteEvery = random.Next(3) switch { 0 => 5, 1 => 20, _ => 100 },
            CreateEvery = random.Next(2) == 0 ? 50 : 250,
            CancelEvery = Sometimes(400),
            ProgressEvery = Sometimes(100),
            CompactEvery = Sometimes(500),
            HubCrashEvery = Sometimes(800),
            HubFreezeEvery = Sometimes(800),
            SessionLossEvery = Sometimes(300),
            MoveEvery = Sometimes(300),
            FeedBreakEvery = Sometimes(300),
            GatewayRestartEvery = Sometimes(1500),
            ReaderStallEvery = Sometimes(300),
            MaxApplyDelay = random.Next(3) switch { 0 => 1, 1 => 30, _ => 400 },
            MaxFeedDelay = random.Next(3) switch { 0 => 1, 1 => 30, _ => 200 },
            MaxHistoryDelay = random.Next(3) switch { 0 => 1, 1 => 30, _ => 400 },
            MaxNetworkDelay = random.Next(2) == 0 ? 1 : 30,
            MaxReadDelay = random.Next(3) switch { 0 => 1, 1 => 20, _ => 300 },
            ReadMessages = random.Next(2) == 0 ? 2 : 64,
            FeedBatch = 1 + random.Next(20),
            FeedsCompacted = random.Next(3) / 2.0,
            BookmarkEvery = random.Next(2) == 0 ? 100 : 1000,
            Drift = random.Next(2) * 0.4,
            TurnRevisions = random.Next(2) == 0 ? 2 : 50,
            Limits = new HubLimits
            {
                WindowBytes = random.Next(3) switch { 0 => 200, 1 => 3_000, _ => 1 << 20 },
                SessionMessages = random.Next(3) switch { 0 => 1 + random.Next(4), 1 => 20, _ => 1000 },
                SessionBytes = random.Next(3) == 0 ? 200 + random.Next(400) : 1 << 20,
                MessageBytes = random.Next(2) == 0 ? 20 + random.Next(100) : 1 << 20,
                CatchUpRevisions = random.Next(2) == 0 ? 1 + random.Next(4) : 1000,
                HistoryBytes = random.Next(2) == 0 ? 100 : 1 << 20,
                HistoryRequests = 1 + random.Next(3),
                ProgressInterval = TimeSpan.FromMilliseconds(random.Next(2) == 0 ? 50 : 500),
            },
            ChecksEveryStep = checksEveryStep,
            // Checking all of a history at each of its steps takes its length squared.
            Length = checksEveryStep ? 1_000 : 3_000,
        };
        return random.Next(8) == 0 ? profile.OfPaths() : profile;
    }

    /// <summary>The same with watches of v2.</summary>
    public Profile OfPaths() => this with { Space = KeySpace.V2, MaxKeysOfARevision = 1, CompactEvery = 0 };
}
