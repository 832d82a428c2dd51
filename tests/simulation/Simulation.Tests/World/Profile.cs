using Consensus.Core.Raft;

namespace Simulation.World;

/// <summary>Defects of the shell, to be found like those of the core.</summary>
[Flags]
internal enum ShellDefects
{
    None = 0,

    /// <summary>Counts as stored what was never synced.</summary>
    SkipSync = 1,

    /// <summary>Makes a state machine's effects durable without its applied index.</summary>
    ApplyTwice = 2,

    /// <summary>The state machine forgets the outcomes of sessions.</summary>
    ForgetSessions = 4,

    /// <summary>A member that knows of its removal goes, though others may still need its vote (Raft thesis §4.2.2).</summary>
    LeaveUnasked = 8,

    /// <summary>Stores the term without the vote given in it (Raft Fig. 2).</summary>
    ForgetVote = 16,

    /// <summary>Commands reach storage without their session, so that a retry is a new command (I8).</summary>
    LoseSession = 32,
}

/// <summary>What may happen in one history. Each kind of fault is left out of some: what is rare among many shows by itself.</summary>
internal sealed record Profile
{
    public required int Members { get; init; }
    public Defects Defects { get; init; }
    public ShellDefects ShellDefects { get; init; }

    /// <summary>Messages lost, sent twice: probability.</summary>
    public double DropRate { get; init; }
    public double RepeatRate { get; init; }

    /// <summary>Longest delay of a message, in units of time; a tick has 100.</summary>
    public int MaxDelay { get; init; } = 10;

    /// <summary>Longest time a sync takes.</summary>
    public int MaxStoreDelay { get; init; } = 5;

    /// <summary>Longest time a state machine takes to see what is committed.</summary>
    public int MaxApplyDelay { get; init; } = 5;

    /// <summary>Mean time between two faults of a kind; 0 is never.</summary>
    public int CrashEvery { get; init; }
    public int PartitionEvery { get; init; }
    public int DiskFaultEvery { get; init; }
    public int TransferEvery { get; init; }
    public int ChangeEvery { get; init; }
    public int DropEvery { get; init; }

    /// <summary>Members taken in, removed or promoted by one change at most.</summary>
    public int ChangesAtOnce { get; init; } = 1;

    /// <summary>Leaders often end soon after their election.</summary>
    public bool CrashesNewLeaders { get; init; }

    /// <summary>
    /// The schedule of Raft Fig. 8: new leaders reach a few of the others, or nobody, and lose power at their first commit or before. What they had sent is lost.
    /// </summary>
    public bool CutsNewLeaders { get; init; }

    /// <summary>Members often end, and soon start again, when they have just voted.</summary>
    public bool CrashesVoters { get; init; }

    /// <summary>A leader that removed itself is often cut off before anybody else knows.</summary>
    public bool CutsRemovedLeaders { get; init; }

    /// <summary>The network often splits just when a joint configuration comes into effect, between the voters to be and the others.</summary>
    public bool SplitsJoint { get; init; }

    /// <summary>The core goes on while its log is stored.</summary>
    public bool StoresInParallel { get; init; }

    /// <summary>Nodes count ticks this much faster or slower, changing: 0.3 is 70 to 130 of 100.</summary>
    public double Drift { get; init; }

    public bool PreVote { get; init; } = true;
    public int MaxAppendBytes { get; init; } = 1 << 20;
    public int MaxInflight { get; init; } = 16;
    public int SegmentBytes { get; init; } = 4096;
    public int SectorBytes { get; init; } = 512;
    public int Clients { get; init; } = 3;

    /// <summary>Each process has storage's own state machine beside the model of it.</summary>
    public bool AppliesToStorage { get; init; }

    /// <summary>Units of time during which faults happen.</summary>
    public int Length { get; init; } = 30_000;

    public static Profile Draw(Random random, int members)
    {
        int Sometimes(int mean) => random.Next(3) == 0 ? 0 : mean / 2 + random.Next(mean);
        return new Profile
        {
            Members = members,
            DropRate = random.Next(3) switch { 0 => 0, 1 => 0.02, _ => 0.15 },
            RepeatRate = random.Next(2) * 0.05,
            MaxDelay = random.Next(4) switch { 0 => 2, 1 => 20, 2 => 100, _ => 400 },
            MaxStoreDelay = random.Next(4) switch { 0 => 1, 1 => 20, 2 => 100, _ => 500 },
            MaxApplyDelay = random.Next(3) switch { 0 => 1, 1 => 50, _ => 500 },
            CrashEvery = Sometimes(2000),
            PartitionEvery = Sometimes(2000),
            DiskFaultEvery = Sometimes(4000),
            TransferEvery = Sometimes(3000),
            ChangeEvery = Sometimes(1500),
            ChangesAtOnce = random.Next(2) == 0 ? 1 : 6,
            CrashesNewLeaders = random.Next(4) == 0,
            CrashesVoters = random.Next(6) == 0,
            CutsNewLeaders = random.Next(6) == 0,
            SplitsJoint = random.Next(4) == 0,
            StoresInParallel = random.Next(2) == 0,
            DropEvery = Sometimes(1000),
            Drift = random.Next(3) switch { 0 => 0, 1 => 0.1, _ => 0.4 },
            PreVote = random.Next(4) != 0,
            MaxAppendBytes = random.Next(2) == 0 ? 60 : 1 << 20,
            MaxInflight = random.Next(2) == 0 ? 2 : 64,
            SegmentBytes = random.Next(2) == 0 ? 1024 : 8192,
            SectorBytes = random.Next(2) == 0 ? 512 : 4096,
            Clients = 1 + random.Next(6),
            CutsRemovedLeaders = random.Next(6) == 0,
            AppliesToStorage = random.Next(8) == 0,
        };
    }
}
