namespace LeaseManager.Core.Claims;

/// <summary>
/// The times on which managers of one cluster have to agree; the same in all of them, hence no options. They allow for monotonic clocks that run up to 4 % fast or
/// slow (docs/decisions, keep-alives need a proven claim, and managers that stand by).
/// </summary>
public static class ClaimTiming
{
    /// <summary>For so long a proven claim is good for promises.</summary>
    public static readonly TimeSpan MaxProofAge = TimeSpan.FromMilliseconds(500);

    /// <summary>So much a successor adds to every lease: <see cref="MaxProofAge"/> by the slowest clock, measured with the fastest.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(550);

    /// <summary>The holder of the claim shows so often that it lives, while a manager stands by.</summary>
    public static readonly TimeSpan HoldInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>After so much silence of the holder one that stands by takes over.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    /// <summary>A manager that stands by says so this often.</summary>
    public static readonly TimeSpan AnnounceInterval = TimeSpan.FromSeconds(2);

    /// <summary>For so long after such a sign, or after its own claim, the holder shows that it lives.</summary>
    public static readonly TimeSpan StandbyMemory = TimeSpan.FromSeconds(10);
}
